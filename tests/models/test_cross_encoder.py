"""Cross-encoders: pairs as one classifier reads them, whatever the batch; cuts, labels and scores."""

import numpy as np
import pytest
import torch
import transformers

from tests.close import assert_rows_close
from tests.models import _tiny
from zsbench.core.errors import UserError
from zsbench.models import runtime
from zsbench.models.text.cross_encoder import cross_encoder

PAIRS = [("query", "a document"), ("q", "a much longer document than the other"), ("query", "")]


def save(folder, n_labels):
    words = _tiny.tokenizer()
    config = transformers.BertConfig(vocab_size=len(words), num_labels=n_labels, **_tiny.SHAPE)
    return _tiny.saved(_tiny.randomised(transformers.BertForSequenceClassification(config)), words, folder)


@pytest.fixture(scope="module", params=[1, 2])
def folder(request, tmp_path_factory):
    return save(tmp_path_factory.mktemp("bert"), request.param)


def logits(folder, pair, **options):
    words = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        # Lists: a lone empty document would be taken for none at all.
        return network(**words(*([text] for text in pair), return_tensors="pt", **options)).logits[0].double().numpy()


def expected(folder, pair, **options):
    own = logits(folder, pair, **options)
    return own[0] if len(own) == 1 else own[1] - own[0]


def test_scores_are_the_classifiers_own(folder, monkeypatch):
    model = cross_encoder(model=folder)
    found = model.score_pairs(PAIRS)
    assert_rows_close(found, [expected(folder, pair) for pair in PAIRS])
    assert model.cost.forward_passes == 1
    monkeypatch.setitem(runtime._RUNTIME, "batch_size", 1)
    assert_rows_close(model.score_pairs(PAIRS), found)


def test_probabilities_are_sigmoid_or_softmax(folder):
    found = cross_encoder(model=folder, scores="probability").score_pairs(PAIRS)
    for pair, got in zip(PAIRS, found, strict=True):
        own = logits(folder, pair)
        wanted = 1 / (1 + np.exp(-own[0])) if len(own) == 1 else np.exp(own[1]) / np.exp(own).sum()
        assert_rows_close(got, wanted, share=1e-5)
    assert cross_encoder(model=folder, scores="probability").fingerprint != cross_encoder(model=folder).fingerprint


def test_queries_and_documents_are_cut_to_tokens(folder):
    cut = cross_encoder(model=folder, query_tokens=2, document_tokens=5)
    whole = cross_encoder(model=folder)
    pairs = [("query", "a document"), ("q", "doc"), ("", "")]
    np.testing.assert_array_equal(cut.score_pairs(pairs), whole.score_pairs([("qu", "a doc"), ("q", "doc"), ("", "")]))
    # "query" and "a document" each lost something.
    assert (cut.cost.truncated_items, whole.cost.truncated_items) == (2, 0)
    cut.score_pairs([("query", "doc"), ("query", "a doc"), ("query", "a document")])
    assert cut.cost.truncated_items == 4  # one query, whatever the number of its documents, and one document


def test_long_pairs_lose_tokens_of_the_longer_text_and_are_counted(folder):
    model = cross_encoder(model=folder, max_length=12)
    pairs = [("query", "a document"), ("q", "d")]
    wanted = [expected(folder, pair, truncation=True, max_length=12) for pair in pairs]
    assert_rows_close(model.score_pairs(pairs), wanted)
    assert model.cost.truncated_items == 1
    assert cross_encoder(model=folder, max_length=10_000).max_tokens == 256


@pytest.fixture(scope="module")
def of_three(tmp_path_factory):
    return save(tmp_path_factory.mktemp("three"), 3)


def test_any_classifier_gives_the_logits_of_its_labels(of_three):
    model = cross_encoder(model=of_three)
    assert model.labels == ("LABEL_0", "LABEL_1", "LABEL_2")
    assert_rows_close(model.classify_pairs(PAIRS), [logits(of_three, pair) for pair in PAIRS])


def test_the_relevant_one_of_several_labels_has_to_be_named(of_three):
    with pytest.raises(UserError, match=r"a classifier of 3 labels \(LABEL_0, LABEL_1, LABEL_2\).*`relevant:`"):
        cross_encoder(model=of_three).score_pairs(PAIRS)
    with pytest.raises(UserError, match=r"relevant: 'LABEL_3'.*did you mean 'LABEL_[012]'"):
        cross_encoder(model=of_three, relevant="LABEL_3")
    own = np.array([logits(of_three, pair) for pair in PAIRS])
    odds = own[:, 1] - np.logaddexp(own[:, 0], own[:, 2])
    assert_rows_close(cross_encoder(model=of_three, relevant="LABEL_1").score_pairs(PAIRS), odds)
    shares = np.exp(own[:, 1]) / np.exp(own).sum(axis=1)
    scored = cross_encoder(model=of_three, relevant="LABEL_1", scores="probability").score_pairs(PAIRS)
    assert_rows_close(scored, shares, share=1e-5)


def test_a_plain_encoder_has_no_head(tmp_path):
    words = _tiny.tokenizer()
    folder = _tiny.saved(
        transformers.BertModel(transformers.BertConfig(vocab_size=len(words), **_tiny.SHAPE)), words, tmp_path
    )
    with pytest.raises(UserError, match=r"lacks weights \(classifier"):
        cross_encoder(model=folder)
