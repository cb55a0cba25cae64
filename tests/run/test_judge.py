"""`score` on the predictions that `eval` wrote gives `eval`'s numbers: for every task type, whatever its protocol says."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.config import catalog
from zsbench.config.schema import TaskConfig
from zsbench.metrics import naming
from zsbench.results import items

# A shipped task of every type that runs offline, and a method that answers fast.
EMBEDDED = {
    "association": ("glyph-associations", "dual-encoder", "clip-glyphs"),
    "attribute-values": ("synonyms-products", "random-values", None),
    "caption-selection": ("selection.yaml", "dual-encoder", "clip-glyphs"),
    "counting": ("glyph-numbers", "dual-encoder", "clip-glyphs"),
    "depth": ("rooms-60", "canonical-camera", "depth-rooms"),
    "episodic": ("glyph-episodes-1-shot", "simpleshot", None),
    "function-localisation": ("zsbench-issues", "bm25", None),
    "generative-retrieval": ("synonyms-docids", "bm25-search", None),
    "image-classification": ("glyphs", "prompt-ensemble", "clip-glyphs"),
    "image-text-retrieval": ("glyph-captions", "dual-encoder", "clip-glyphs"),
    "ner": ("names-seen", "span-threshold", "ner-synthetic"),
    "open-domain-qa": ("synonyms-answers", "bm25", None),
    "rerank": ("synonyms", "bm25", None),
    "session-recommendation": ("synonyms-sessions", "last-items", None),
    "text-classification": ("topics", "similarity", "encoder-synonyms"),
    "video-classification": ("moving-glyphs", "mean-frames", "clip-glyphs"),
}
# Each key of a protocol away from its default.
CHANGED = {
    "association": ["template='{}'"],
    "attribute-values": ["fewest_values=3"],
    "counting": ["template='{number} {object}s'"],
    "depth": [
        "align=median_scale",
        "align=lsq_depth",
        "min_depth=1.5",
        "max_depth=4.0",
        "crop=kitti_garg",
        "crop=kitti_eigen+kitti_garg",
    ],
    "episodic": ["way=3", "shots=2", "queries=5", "query_distribution=dirichlet", "transform=UN"],
    "function-localisation": ["missing=skip", "candidates={stage: bm25, depth: 3}"],
    "generative-retrieval": ["missing=skip", "depth=10"],
    "image-classification": ["half=base", "half=new", "templates=['a {}']", "logit_scale=10.0"],
    "image-text-retrieval": ["folds=3", "max_captions=1", "depth=12", "template='a {}'"],
    "ner": [
        "excluded_labels=[egyptian river]",
        "label_map={egyptian river: danish forest}; merged_labels=[danish forest]",
        "lower_case=true",
        "nested=true",
    ],
    "open-domain-qa": ["missing=skip", "candidates={stage: bm25, depth: 7}"],
    "rerank": [
        "missing=skip",
        "candidates={stage: bm25, depth: 9}",
        "drop_query_id=true",
        "title=drop",
        "title=join",
        "relevance_level=2",
    ],
    "session-recommendation": ["drop_seen=true", "depth=5"],
    "video-classification": ["frames=4", "crops=3", "clips=2"],
}
# These say which data a task has or how a model is asked, not how its answers are judged; other tests hold them.
ABOUT_DATA = {
    "image-classification": {"classes", "frequency", "unseen", "distances", "support", "shots", "support_seed", "validation", "unlabeled", "max_bad_items", "class_map", "label_order", "nodes", "also_called"},
    "counting": {"object", "numbers"},
    "episodic": {"alpha", "episodes", "episode_seed", "validation", "validation_episodes"},
    "generative-retrieval": {"docids"},
    "image-text-retrieval": {"frequency", "concepts", "fewest_images"},
    "ner": {"labels", "train", "validation", "familiarity"},
    "video-classification": {"classes", "frequency", "templates", "logit_scale", "class_map", "label_order"},
    "depth": {"protocol", "prediction_scale"},
    "text-classification": {"classes", "frequency", "keywords", "unlabeled", "validation", "validation_shots", "validation_seed", "class_map", "label_order", "templates", "logit_scale"},
    "caption-selection": {"template"},
    **{kind: {"without"} for kind in ("function-localisation", "open-domain-qa", "rerank")},
}  # fmt: skip
CASES = [(kind, change) for kind in EMBEDDED for change in ["", *CHANGED.get(kind, [])]]


def command(*arguments):
    outcome = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert outcome.exit_code == 0, (outcome.output, outcome.exception)
    return json.loads(outcome.stdout)


def selection(folder: Path) -> Path:
    """A task of two groups of two glyphs each, written here because none is shipped."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    rows = []
    for group in range(2):
        names = [f"{group}{i}.png" for i in range(2)]
        for name in names:
            Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(folder / name)
        rows.append({"id": f"g{group}", "images": names, "captions": ["a circle", "a kite"]})
    (folder / "groups.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    task = folder / "selection.yaml"
    task.write_text("type: caption-selection\ndescription: d\ndata: {source: caption-choices, path: groups.jsonl}\n")
    return task


def test_every_task_type_is_judged_here():
    assert EMBEDDED.keys() == catalog.own_components("tasks").keys()


def test_every_key_of_a_protocol_is_tried_away_from_its_default():
    for kind in EMBEDDED:
        keys = catalog.load_module("tasks", kind).Config.model_fields.keys() - TaskConfig.model_fields.keys()
        tried = {part.partition("=")[0] for change in CHANGED.get(kind, []) for part in change.split("; ")}
        assert keys - tried - ABOUT_DATA.get(kind, set()) == set(), kind


@pytest.mark.parametrize(("kind", "change"), CASES)
def test_score_gives_what_eval_gave(kind, change, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, method, model = EMBEDDED[kind]
    if name.endswith(".yaml"):
        name = str(selection(tmp_path))
    assign = [word for part in change.split("; ") if part for word in ("--set", f"task.{part}")]
    assign += ["--set", "task.episodes=20"] if kind == "episodic" else []
    chosen = ["--method", method, *(["--model", model] if model else [])]
    [suite] = command("eval", name, *chosen, *assign, "--limit", 25, "--offline", "--out", "out")["suites"]
    assert suite["errors"] == []
    [made] = suite["results"]
    [folder] = [path.parent for path in Path("out").rglob("result.json")]
    [judged] = command("score", changed(name, assign, tmp_path), "--predictions", folder)["suites"][0]["results"]
    assert judged["metrics"] == made["metrics"]
    assert judged["n_items"] == made["n_items"]
    assert judged["method"] == made["method"]


@pytest.mark.parametrize("kind", EMBEDDED)
def test_numbers_do_not_depend_on_how_predictions_are_cut_into_files(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, method, model = EMBEDDED[kind]
    if name.endswith(".yaml"):
        name = str(selection(tmp_path))
    call = ["eval", name, "--method", method, *(["--model", model] if model else []), "--limit", 15, "--offline"]
    call += ["--set", "task.episodes=15"] if kind == "episodic" else []
    [whole] = command(*call, "--out", "whole")["suites"][0]["results"]
    monkeypatch.setattr(catalog.load_module("tasks", kind).Task, "shard_size", 4)
    [cut] = command(*call, "--out", "cut")["suites"][0]["results"]
    assert cut["metrics"] == whole["metrics"]
    assert cut["counts"] == whole["counts"]


def changed(name, assign, folder):
    """Return the task with the changes of `--set` written into a YAML, as who scores has it."""
    if not assign:
        return name
    path = folder / "changed.yaml"
    lines = [part.removeprefix("task.").replace("=", ": ", 1) for part in assign if part != "--set"]
    path.write_text("\n".join([f"extends: {name}", *lines]) + "\n")
    return path


@pytest.mark.parametrize("name", ["acc@1", "F1", "AbsRel", "nDCG@10"])
def test_columns_of_the_items_file_give_the_statistics_back(name):
    import numpy as np

    metric = naming.resolve(name, kinds=None)
    table = np.random.default_rng(0).random((7, 3 if name == "F1" else 1))
    columns = items.item_columns(metric.name, table, metric.columns)
    assert (items.item_statistics(metric, columns) == table).all()
