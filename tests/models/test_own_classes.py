"""Classes that come with a checkpoint and load themselves, as NomicBERT's does, and packages that checkpoints need."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.models import _tiny
from zsbench.core.errors import UserError
from zsbench.models import packages, runtime
from zsbench.models.guards import opening
from zsbench.models.text.bi_encoder import bi_encoder

# `from_pretrained` takes no notice of what it is told, reads a local file, and forgives weights that are not there.
CODE = """
import torch
from safetensors.torch import load_file
from transformers import BertConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput


class OwnConfig(BertConfig):
    model_type = "own"


class OwnModel(PreTrainedModel):
    config_class = OwnConfig

    def __init__(self, config):
        super().__init__(config)
        self.words = torch.nn.Embedding(config.vocab_size, config.hidden_size)
        self.mix = torch.nn.Linear(config.hidden_size, config.hidden_size)
        self.pooler = torch.nn.Linear(config.hidden_size, config.hidden_size)

    @classmethod
    def from_pretrained(cls, name, config=None, *inputs, **kwargs):
        model = cls(config)
        model.load_state_dict(load_file(f"{name}/model.safetensors"), strict=False)
        return RETURNED

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        states = self.words(input_ids)
        bias = self.get_extended_attention_mask(attention_mask, input_ids.shape)
        shares = (states @ states.transpose(1, 2) + bias[:, 0]).softmax(dim=-1)
        return BaseModelOutput(last_hidden_state=self.mix(shares @ states))
"""
WIDTH = 8
TEXTS = ["short", "a much longer text than the other one"]


def write(folder, *, returned="model", without=()):
    """Write a checkpoint of that class, with random weights, and return its folder."""
    words = _tiny.tokenizer()
    words.save_pretrained(folder)
    classes = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    config = {"model_type": "own", "vocab_size": len(words), "hidden_size": WIDTH, "pad_token_id": 0}
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": classes}))
    (folder / "own.py").write_text(CODE.replace("RETURNED", returned))
    generator = torch.Generator().manual_seed(5)
    shapes = {"words.weight": (len(words), WIDTH), "mix.weight": (WIDTH, WIDTH), "mix.bias": (WIDTH,)}
    weights = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items() if name not in without}
    save_file(weights, folder / "model.safetensors")
    return folder


@pytest.fixture(autouse=True)
def _modules(tmp_path, monkeypatch):
    """Code that is allowed lands in a folder of the test."""
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))


def encoder(reference, **options):
    options = {"pooling": "mean", "normalise": False, "trust_remote_code": True, **options}
    return bi_encoder(model=str(reference), **options)


@pytest.mark.parametrize("returned", ["model", "(model, {})"])
def test_a_class_that_loads_itself_gives_what_its_weights_say(returned, tmp_path):
    folder = write(tmp_path / "one", returned=returned)
    model, weights = encoder(folder), load_file(folder / "model.safetensors")
    expected = []
    for text in TEXTS:
        states = weights["words.weight"][_tiny.tokenizer()(text)["input_ids"]]
        mixed = (states @ states.T).softmax(dim=-1) @ states @ weights["mix.weight"].T + weights["mix.bias"]
        expected.append(mixed.mean(dim=0).numpy())
    np.testing.assert_allclose(model.encode_documents(TEXTS), expected, rtol=1e-4, atol=1e-5)


def test_its_weights_come_in_the_runs_precision(tmp_path, monkeypatch):
    monkeypatch.setitem(runtime._RUNTIME, "dtype", "bfloat16")
    model = encoder(write(tmp_path / "half"))
    assert {weight.dtype for weight in model.module.parameters()} == {torch.bfloat16}
    assert model.dtype == "bfloat16"


def test_weights_that_it_leaves_random_are_refused(tmp_path):
    """A pooling layer may stay random, because what it computes is not used."""
    folder = write(tmp_path / "partial", without=("mix.weight", "mix.bias"))
    with pytest.raises(UserError, match=r"leaves weights random \(mix\.bias, mix\.weight"):
        encoder(folder)


def test_it_reads_the_commit_that_the_config_names(tmp_path, monkeypatch):
    """Of a hub id it gets the folder in the cache: by itself it would ask for the main branch."""
    from huggingface_hub import constants
    from transformers.utils import hub

    cache, commit = tmp_path / "hub", "0" * 40
    folder = write(cache / "models--org--name" / "snapshots" / commit)
    for place, name in ((constants, "HF_HUB_CACHE"), (hub, "TRANSFORMERS_CACHE")):
        monkeypatch.setattr(place, name, str(cache), raising=False)
    found = encoder("org/name", revision=commit).encode_queries(TEXTS)
    assert np.array_equal(found, encoder(folder).encode_queries(TEXTS))


def test_without_permission_it_does_not_run(tmp_path):
    with pytest.raises(UserError, match="custom code"):
        encoder(write(tmp_path / "shut"), trust_remote_code=False)


@pytest.mark.parametrize(
    ("said", "here", "needs"),
    [
        ("T5Tokenizer requires the SentencePiece library but it was not found", [], "sentencepiece and protobuf"),
        ("`tiktoken` is required to read a `tiktoken` file", ["sentencepiece"], "protobuf"),
        ("packages that were not found in your environment: einops. Run `pip install einops`", [], "einops"),
    ],
)
def test_a_package_that_a_checkpoint_needs_is_named_with_its_extra(said, here, needs, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda module: module if module in here else None)
    with pytest.raises(UserError) as failure, opening("org/name"):
        raise ImportError(f"\n{said}\nand much more")
    assert f"needs {needs}, not installed here" in failure.value.found
    assert failure.value.hint == "pip install 'zsbench[hub]'"


def test_an_error_about_a_package_that_is_here_keeps_its_words(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda module: module)
    with pytest.raises(UserError, match="einops: wrong shape"), opening("org/name"):
        raise ValueError("einops: wrong shape")
