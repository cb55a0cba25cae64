"""Folders of models never run code, never ask, and say what is wrong with them in one sentence."""

import ast
import builtins
import contextlib
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import zsbench
from tests.conftest import GOLDEN
from tests.models import _tiny
from tests.models._towers import bert_clip_folder, blip_folder, hf_folder, xclip_folder
from zsbench.analysis import prompt_prior
from zsbench.config import catalog
from zsbench.config.paths import ASSETS
from zsbench.core.errors import UserError

PACKAGE = Path(zsbench.__file__).parent
ASSETS = ASSETS / "models"

# What opens a checkpoint in torch, transformers, open_clip and the libraries built on them.
OPENERS = {"from_pretrained", "from_config", "get_tokenizer", "create_model_and_transforms", "load_checkpoint"}
OPENERS |= {"create_model_from_pretrained", "SentenceTransformer", "GLiNER", "pipeline", "load_state_dict_from_url"}
OF_LIBRARIES = {("open_clip", "create_model"), ("timm", "create_model"), ("torch", "load"), ("torch", "hub")}
OF_LIBRARIES |= {("pickle", "load"), ("pickle", "loads"), ("joblib", "load"), ("dill", "load")}


def opened(path):
    """The names in a module that open checkpoints."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            library = node.value.id if isinstance(node.value, ast.Name) else ""
            if node.attr in OPENERS or (library, node.attr) in OF_LIBRARIES:
                yield node.attr
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (
            "sentence_transformers",
            "gliner",
        ):
            yield node.module


def test_only_the_loaders_open_checkpoints():
    found = {path.relative_to(PACKAGE).as_posix(): list(opened(path)) for path in PACKAGE.rglob("*.py")}
    loaders = {"models/checkpoints.py", "models/gliner_checkpoints.py", "models/own_classes.py"}
    assert {path for path, names in found.items() if names} == loaders


def bert_folder(path, kind):
    import transformers

    words = _tiny.tokenizer()
    config = transformers.BertConfig(**_tiny.SHAPE, vocab_size=len(words), pad_token_id=0, num_labels=1)
    config.id2label = {0: "O"} if kind == "BertForTokenClassification" else config.id2label
    _tiny.saved(_tiny.randomised(getattr(transformers, kind)(config)), words, path)
    return path


def copied(source):
    return lambda path: Path(shutil.copytree(source, path))


BUILDERS = {
    "open-clip": copied(ASSETS / "clip-glyphs"),
    "open-clip-bert": bert_clip_folder,
    "hf-clip": lambda path: hf_folder(path, "siglip"),
    "hf-xclip": lambda path: xclip_folder(path, next((GOLDEN / "icr").glob("tiny-*"))),
    "hf-blip": lambda path: blip_folder(path, ["red", "blue"]),
    "hf-depth": copied(ASSETS / "depth-rooms"),
    "hf-causal-lm": copied(ASSETS / "lm-synonyms"),
    "hf-seq2seq": copied(GOLDEN / "llm-ranking-baselines" / "tiny-t5"),
    "bi-encoder": lambda path: bert_folder(path, "BertModel"),
    "cross-encoder": lambda path: bert_folder(path, "BertForSequenceClassification"),
    "hf-token-classification": lambda path: bert_folder(path, "BertForTokenClassification"),
}
OPTIONS = {"hf-depth": {"output": "metric"}, "bi-encoder": {"pooling": "mean"}}
AUTO = ("AutoConfig", "AutoModel", "AutoTokenizer", "AutoProcessor", "AutoImageProcessor", "AutoFeatureExtractor")
AUTO += ("AutoModelForCausalLM", "AutoModelForSeq2SeqLM", "AutoModelForSequenceClassification")
AUTO += ("AutoModelForTokenClassification",)
AUTO += ("AutoModelForDepthEstimation",)
PARTS = [
    "config.json",
    "tokenizer_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "bert/config.json",
]


def load(adapter, folder, **options):
    name = adapter.removesuffix("-bert")
    return catalog.load_component("models", name)(model=str(folder), **OPTIONS.get(name, {}), **options)


def wants_code(folder, part, marker):
    """Make one file of a model folder name code of the folder's own, and permit it wherever a file can."""
    path = folder / part
    config = json.loads(path.read_text()) if path.is_file() else {}
    classes = {name: [None, "tok.Own"] if name == "AutoTokenizer" else "tok.Own" for name in AUTO}
    config |= {"auto_map": classes, "trust_remote_code": True}
    if part.endswith("/config.json") or part == "config.json":
        config["model_type"] = "own"
    if part == "tokenizer_config.json":
        config["tokenizer_class"] = "Own"
    for name in ("image_processor_type", "processor_class", "feature_extractor_type"):
        config.pop(name, None)
    path.write_text(json.dumps(config))
    (path.parent / "tok.py").write_text(f"open({str(marker)!r}, 'w').close()\nclass Own: pass\n")
    layout = folder / "open_clip_config.json"
    if layout.is_file():
        whole = json.loads(layout.read_text())
        whole["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"trust_remote_code": True}
        if part == "bert/config.json":
            whole["model_cfg"]["text_cfg"]["hf_model_name"] = str(path.parent)
        layout.write_text(json.dumps(whole))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {name: build(root / name) for name, build in BUILDERS.items()}


@pytest.fixture
def answers_yes(monkeypatch, tmp_path):
    """Somebody at the terminal who says yes to everything; code that is allowed lands in a folder of the test."""
    from transformers import dynamic_module_utils

    asked = []
    monkeypatch.setattr(builtins, "input", lambda question="": asked.append(question) or "y")
    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    return asked


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("adapter", BUILDERS)
def test_code_beside_the_weights_never_runs_and_nothing_asks(adapter, part, folders, answers_yes, tmp_path):
    if "/" in part and not (folders[adapter] / part).is_file():
        pytest.skip("the folder has no such part")
    folder, marker = Path(shutil.copytree(folders[adapter], tmp_path / "m")), tmp_path / "ran"
    wants_code(folder, part, marker)
    with contextlib.suppress(UserError):  # a known architecture is loaded with transformers' own classes
        load(adapter, folder)
    assert not marker.exists()
    assert not answers_yes


@pytest.mark.parametrize("adapter", ["open-clip", "hf-clip"])
def test_the_prior_over_tokens_runs_no_code(adapter, folders, answers_yes, tmp_path):
    folder, marker = Path(shutil.copytree(folders[adapter], tmp_path / "m")), tmp_path / "ran"
    wants_code(folder, "tokenizer_config.json", marker)
    with contextlib.suppress(UserError):
        prompt_prior._tokenizer({"name": adapter, "model": str(folder)})
    assert not marker.exists()
    assert not answers_yes


@pytest.mark.parametrize("adapter", ["hf-causal-lm", "bi-encoder", "cross-encoder", "hf-token-classification"])
def test_code_runs_when_the_users_own_yaml_says_so(adapter, folders, answers_yes, tmp_path):
    folder, marker = Path(shutil.copytree(folders[adapter], tmp_path / "m")), tmp_path / "ran"
    wants_code(folder, "config.json", marker)
    with pytest.raises(UserError):  # the class is no configuration
        load(adapter, folder, trust_remote_code=True)
    assert marker.exists()
    assert not answers_yes


@pytest.mark.parametrize("adapter", [name for name in BUILDERS if name != "open-clip-bert"])
@pytest.mark.parametrize("content", [b"[]", b"null", b'"text"', b"{", b"\xff\xfe", b"[" * 100_000, b""])
def test_a_damaged_config_is_one_sentence(adapter, content, folders, tmp_path):
    folder = Path(shutil.copytree(folders[adapter], tmp_path / "m"))
    (folder / ("open_clip_config.json" if adapter == "open-clip" else "config.json")).write_bytes(content)
    with pytest.raises(UserError) as caught:
        load(adapter, folder)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert "m" in str(caught.value)


@pytest.mark.parametrize("adapter", [name for name in BUILDERS if name != "open-clip-bert"])
@pytest.mark.parametrize("damage", [lambda raw: raw[: len(raw) // 2], lambda _: b"", lambda raw: b"\xff" * 8 + raw])
def test_damaged_weights_are_one_sentence(adapter, damage, folders, tmp_path):
    folder = Path(shutil.copytree(folders[adapter], tmp_path / "m"))
    [weights] = folder.glob("*.safetensors")
    weights.write_bytes(damage(weights.read_bytes()))
    with pytest.raises(UserError) as caught:
        load(adapter, folder)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"[]", b"null", b"{", b'{"format": "zsbench-span-scorer", "width": []}'])
@pytest.mark.parametrize("name", ["config.json", "vocab.json", "model.safetensors"])
def test_a_damaged_span_scorer_is_one_sentence(name, content, tmp_path):
    folder = Path(shutil.copytree(ASSETS / "ner-synthetic", tmp_path / "m"))
    (folder / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        load("span-scorer", folder)
    assert caught.value.exit_code == 2


class Runs:
    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return open, (self.marker, "w")


@pytest.mark.parametrize("own", [False, True])
def test_a_pickle_is_read_as_weights_alone_and_nobody_advises_to_run_it(own, folders, tmp_path, capfd):
    folder, marker = Path(shutil.copytree(folders["open-clip"], tmp_path / "m")), tmp_path / "ran"
    (folder / "open_clip_model.safetensors").unlink()
    (folder / "open_clip_pytorch_model.bin").write_bytes(pickle.dumps(Runs(marker)))
    options = {"weights": str(folder / "open_clip_pytorch_model.bin")} if own else {}
    with pytest.raises(UserError) as caught:
        load("open-clip", "ViT-B-32" if own else folder, **options)
    assert not marker.exists()
    assert "weights_only" not in str(caught.value)
    assert "weights alone" in str(caught.value)
    assert capfd.readouterr().err == ""


PROBE = """from zsbench.config import catalog
from zsbench.core.errors import UserError
try:
    catalog.load_component("models", "open-clip")(model="ViT-B-32/laion400m_e32")
except UserError as error:
    assert "on this machine" in str(error), error
"""


def test_weights_that_are_not_here_are_one_sentence_and_the_library_prints_nothing(tmp_path):
    env = {"PYTHONPATH": str(PACKAGE.parent), "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", PROBE], input="y\n" * 20, capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_a_library_raises_is_one_sentence_but_an_interruption_passes():
    from zsbench.models.guards import opening

    class PanicException(BaseException):
        """What PyO3 raises: no Exception."""

    for error in (
        ValueError("\n\nfirst\nsecond"),
        PanicException("first"),
        RecursionError("first"),
        MemoryError("first"),
    ):
        with pytest.raises(UserError, match="first") as caught, opening("m"):
            raise error
        assert "\n" not in str(caught.value)
    for stop in (KeyboardInterrupt, SystemExit):
        with pytest.raises(stop), opening("m"):
            raise stop
