"""No text runs past a network's positions, whatever kind it is, and padding is read by none, named or not."""

import numpy as np
import pytest
import torch
import transformers

from tests.close import assert_logits_close, assert_rows_close
from tests.models import _tiny
from zsbench.core.errors import RunError, UserError
from zsbench.models import positions, runtime
from zsbench.models.capabilities import Prompt
from zsbench.models.language.hf_causal_lm import hf_causal_lm
from zsbench.models.text.bi_encoder import bi_encoder
from zsbench.models.text.cross_encoder import cross_encoder

POSITIONS = 20
# RoBERTa and its kin count from the id of their padding (0 in the tiny tokenizer) plus 1; the others from 0.
ENCODERS = {
    "Bert": 0,
    "Roberta": 1,
    "XLMRoberta": 1,
    "Camembert": 1,
    "Data2VecText": 1,
    "MPNet": 1,
    "RobertaPreLayerNorm": 1,
    "Electra": 0,
}
LONG, SHORT = "a text of many more tokens than there are positions", "short"


def config(kind, words, **options):
    shape = {**_tiny.SHAPE, "max_position_embeddings": POSITIONS}
    return getattr(transformers, f"{kind}Config")(vocab_size=len(words), **shape, **_tiny.SPECIAL, **options)


def saved(network, folder):
    return _tiny.saved(_tiny.randomised(network), _tiny.tokenizer(), folder)


@pytest.fixture(params=ENCODERS)
def kind(request):
    return request.param


def first(kind):
    # MPNet's padding is 1 by definition, whatever its config says.
    return 2 if kind == "MPNet" else ENCODERS[kind]


def test_text_encoders_read_as_many_tokens_as_there_are_positions(kind, tmp_path):
    own = config(kind, _tiny.tokenizer())
    model = bi_encoder(model=saved(transformers.AutoModel.from_config(own), tmp_path), pooling="mean")
    assert model.max_tokens == POSITIONS - first(kind)
    found = model.encode_documents([LONG, SHORT])
    assert model.cost.truncated_items == 1
    assert np.isfinite(found).all()
    assert_rows_close(model.encode_documents([LONG[: model.max_tokens - 1]])[0], found[0])


def test_cross_encoders_read_as_many_tokens_as_there_are_positions(kind, tmp_path):
    own = config(kind, _tiny.tokenizer(), num_labels=1)
    network = transformers.AutoModelForSequenceClassification.from_config(own)
    model = cross_encoder(model=saved(network, tmp_path))
    assert model.max_tokens == POSITIONS - first(kind)
    assert np.isfinite(model.score_pairs([("q", LONG), ("q", SHORT)])).all()
    assert model.cost.truncated_items == 1


def test_decoders_say_how_much_they_read_and_padding_takes_no_position(tmp_path, monkeypatch):
    own = config("Roberta", _tiny.tokenizer(), is_decoder=True)
    model = hf_causal_lm(model=saved(transformers.RobertaForCausalLM(own), tmp_path))
    assert model.max_tokens == POSITIONS - 1
    with pytest.raises(RunError, match=f"does not fit the model's {POSITIONS - 1}"):
        model.label_logits([Prompt(text=LONG)], ["Y", "N"])
    asked = [Prompt(text=text) for text in ("one", "one of several", "onetwo")]
    together = model.label_logits(asked, ["Y", "N"])
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", 1)
    assert_logits_close(model.label_logits(asked, ["Y", "N"]), together)


def test_positions_without_end():
    class Config:
        max_position_embeddings = -1

    assert positions.count(torch.nn.Linear(1, 1), Config()) is None
    assert positions.count(torch.nn.Linear(1, 1), object()) is None


@pytest.mark.parametrize("length", [1, 2])
def test_a_length_without_room_for_a_text_is_refused(length, tmp_path):
    own = config("Bert", _tiny.tokenizer(), num_labels=1)
    folder = saved(transformers.BertForSequenceClassification(own), tmp_path)
    with pytest.raises(UserError, match=r"max_length: .*special"):
        cross_encoder(model=folder, max_length=length)


# --- padding that nobody named

PAIRS = [("query", "a document"), ("q", "a much longer one than the other"), ("query", "d"), ("a longer query", "x")]


def decoder(folder, *, named_by_tokenizer, named_by_config):
    words = _tiny.tokenizer(bos=False)
    if not named_by_tokenizer:
        words.pad_token = None
    shape = {**_tiny.SHAPE, **_tiny.SPECIAL, "pad_token_id": 0 if named_by_config else None}
    own = transformers.LlamaConfig(vocab_size=300, num_labels=1, **shape)
    network = _tiny.randomised(transformers.LlamaForSequenceClassification(own))
    return _tiny.saved(network, words, folder)


NAMED = [(False, False), (True, False), (False, True), (True, True)]


@pytest.mark.parametrize(("by_tokenizer", "by_config"), NAMED)
def test_a_classifier_over_a_decoder_scores_in_any_batch_as_alone(by_tokenizer, by_config, tmp_path, monkeypatch):
    model = cross_encoder(model=decoder(tmp_path, named_by_tokenizer=by_tokenizer, named_by_config=by_config))
    found = model.score_pairs(PAIRS)
    words = transformers.AutoTokenizer.from_pretrained(tmp_path)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        alone = [network(**words(*pair, return_tensors="pt")).logits.item() for pair in PAIRS]
    assert_rows_close(found, alone)
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", 1)
    assert_rows_close(model.score_pairs(PAIRS), alone)
    assert model.module.config.pad_token_id == (0 if by_config else None)


def test_a_text_encoder_over_a_decoder_needs_no_padding_token(tmp_path, monkeypatch):
    words = _tiny.tokenizer(bos=False)
    words.pad_token = None
    shape = {**_tiny.SHAPE, **_tiny.SPECIAL, "pad_token_id": None}
    network = transformers.LlamaModel(transformers.LlamaConfig(vocab_size=300, **shape))
    model = bi_encoder(model=_tiny.saved(_tiny.randomised(network), words, tmp_path), pooling="last")
    texts = [text for pair in PAIRS for text in pair]
    together = model.encode_documents(texts)
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", 1)
    assert_rows_close(model.encode_documents(texts), together)
