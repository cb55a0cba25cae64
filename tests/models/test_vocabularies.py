"""A folder without tokenizer files is refused, whatever kind of tokenizer transformers makes of it."""

import json
import shutil

import pytest

from tests.models import _gliners, _tiny
from zsbench.core.errors import UserError
from zsbench.models import checkpoints
from zsbench.models.spans.gliner import gliner
from zsbench.models.spans.hf_token_classification import hf_token_classification

transformers = pytest.importorskip("transformers")

WANTED = {
    "bert": "tokenizer.json or vocab.txt",
    "roberta": "tokenizer.json or vocab.json with merges.txt",
    "xlm-roberta": "tokenizer.json or sentencepiece.bpe.model",
    "t5": "tokenizer.json or spiece.model",
    "gemma": "tokenizer.json",
    "mbart": "tokenizer.json or sentencepiece.bpe.model",
}


@pytest.mark.parametrize(("kind", "files"), WANTED.items())
def test_a_folder_without_tokenizer_files_is_refused(kind, files, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    with pytest.raises(UserError, match=f"no tokenizer files: .* and no word; expected {files}$") as caught:
        checkpoints.reader("AutoTokenizer", str(tmp_path))
    assert tmp_path.name in caught.value.where


def test_a_tokenizer_of_bytes_needs_no_file(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "t5"}))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "ByT5Tokenizer"}))
    assert type(checkpoints.reader("AutoTokenizer", str(tmp_path))).__name__ == "ByT5Tokenizer"


def test_files_of_any_kind_are_enough(tmp_path):
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (tmp_path / "vocab.txt").write_text("\n".join(names))
    assert len(checkpoints.reader("AutoTokenizer", str(tmp_path))) == len(names)
    (tmp_path / "vocab.txt").unlink()
    _tiny.tokenizer().save_pretrained(tmp_path)
    assert len(checkpoints.reader("AutoTokenizer", str(tmp_path))) == 259


def test_an_adapter_says_so_before_anything_is_scored(tmp_path):
    config = transformers.BertConfig(**_tiny.SHAPE, vocab_size=20, id2label={0: "O", 1: "B-PER"})
    transformers.BertForTokenClassification(config).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="no tokenizer files"):
        hf_token_classification(model=str(tmp_path))


@pytest.fixture(scope="module")
def gliner_folder(tmp_path_factory):
    pytest.importorskip("gliner")
    return _gliners.saved(tmp_path_factory.mktemp("gliner"), "uni-span")


def test_a_gliner_that_borrows_a_tokenizer_that_does_not_fit_says_so(gliner_folder, tmp_path):
    folder = shutil.copytree(gliner_folder, tmp_path / "m")
    for path in folder.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(UserError, match=r"no tokenizer files, and the tokenizer of .*words', .* fit"):
        gliner(model=str(folder))


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.1, 0.99])
def test_a_file_of_weights_that_was_cut_off_is_named(share, gliner_folder, tmp_path):
    folder = shutil.copytree(gliner_folder, tmp_path / "m")
    [weights] = [path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin")]
    weights.write_bytes(weights.read_bytes()[: int(weights.stat().st_size * share)])
    with pytest.raises(UserError, match="ends too early") as caught:
        gliner(model=str(folder))
    assert weights.name in caught.value.where
