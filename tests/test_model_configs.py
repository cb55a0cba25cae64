"""Every shipped model config says where its settings and its licence are from, and resolves to an adapter's options."""

import re
from pathlib import Path

import pytest

from zsbench.config import catalog, overlay
from zsbench.config.paths import unset_variables
from zsbench.plan.model_configs import check_model

ROOT = Path(__file__).parents[1]
CONFIG_FILES = sorted((ROOT / "configs" / "models").glob("*.yaml"))
EXTRAS = set(
    re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text().split("[project.optional-dependencies]")[1], re.M)
)
# Tokenizers kept as SentencePiece files alone, and code that imports einops, by the hub ids of the models.
NEED_HUB = re.compile(r"castorini/(mono|duo)t5|castorini/rank_vicuna|google/siglip-|CodeRankEmbed|nomic-embed")


@pytest.fixture(scope="module")
def configs():
    with unset_variables():
        return {path.stem: overlay.load(path) for path in CONFIG_FILES}


def test_there_are_configs():
    assert len(CONFIG_FILES) > 140


@pytest.mark.parametrize("path", CONFIG_FILES, ids=lambda path: path.stem)
def test_a_config_names_source_licence_and_what_it_needs(path, configs):
    value = configs[path.stem].value
    with unset_variables():
        block = check_model(configs[path.stem])
    assert block.name in catalog.components("models")
    model = str(value.get("model", ""))
    if model.startswith("asset:") or "vectors" in value:
        assert (ROOT / value["source"]).is_file(), value["source"]
        assert value["license"] == "Apache-2.0"
    else:
        assert re.match(r"https://\S+\.\S+", value["source"])
        assert value["license"]
    extra = value.get("extra")
    assert extra is None or extra in EXTRAS
    assert (extra == "ner") is value["adapter"].startswith("gliner")
    assert (extra == "hub") is bool(NEED_HUB.search(model))


def test_code_of_a_checkpoint_runs_only_where_a_config_says_so(configs):
    trusting = {name for name, config in configs.items() if config.value.get("trust_remote_code")}
    assert all("CodeRankEmbed" in configs[name].value["model"] or "nomic" in name for name in trusting)


def test_openclips_own_list_has_every_tag(configs):
    import open_clip

    known = {f"{architecture}/{tag}" for architecture, tag in open_clip.list_pretrained()}
    named = [config.value for config in configs.values() if config.value["adapter"] == "open-clip"]
    tagged = [value["model"] for value in named if not re.match(r"asset:|hf-hub:", value["model"])]
    without_file = [model for model in tagged if "/" in model]
    assert len(without_file) > 30
    assert set(without_file) <= known


def test_names_of_models_that_move_are_dated(configs):
    """A name without a date at a hosted endpoint stands for another model from year to year."""
    hosted = [
        c.value for c in configs.values() if c.value["adapter"] == "openai-compatible" and "base_url" not in c.value
    ]
    assert hosted
    assert all(re.search(r"-(\d{4}|\d{4}-\d\d-\d\d)$", value["model"]) for value in hosted)


def test_text_encoders_say_what_the_authors_do(configs):
    """What a checkpoint's own files say elsewhere stands in the YAML, so that no file of the hub changes it unseen."""
    lengths = {name: config.value.get("max_length") for name, config in configs.items()}
    assert lengths["coderankembed-1024"] == 1024
    prefixes = {name: config.value.get("query_prefix") for name, config in configs.items()}
    for size in ("small", "base", "large"):
        assert prefixes[f"bge-{size}-en-v1.5"] == "Represent this sentence for searching relevant passages: "
        assert prefixes[f"multilingual-e5-{size}"] == prefixes[f"e5-{size}-v2"] == "query: "
    for size in ("0.6b", "4b", "8b"):
        assert prefixes[f"qwen3-embedding-{size}"].endswith("passages that answer the query\nQuery:")
