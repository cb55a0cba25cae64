"""Lbl2TransformerVec equals the reference: label vectors, selected documents, similarities, chunks, confidence."""

import numpy as np
import pytest

from tests.methods.texts import Vectors, items
from tests.reference._golden import load_json, load_npz
from zsbench.methods.text_classification import TextProblem
from zsbench.methods.text_classification._selection import Selection, label_vectors
from zsbench.methods.text_classification._sentences import chunks
from zsbench.methods.text_classification._vectors import KIND, cosines
from zsbench.methods.text_classification.lbl2transformervec import lbl2transformervec
from zsbench.methods.text_classification.similarity import similarity
from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels

CASES = load_json("lbl2vec", "label_vectors.json")
HELD = load_npz("lbl2vec", "label_vectors.npz")
UNITS = load_json("lbl2vec", "units.json")


@pytest.fixture(scope="module")
def problem():
    """The golden documents and keywords under names, as a rule sees them."""
    words = [f"k{number}" for number in range(len(HELD["keywords"]))]
    ends = np.cumsum(HELD["n_keywords"])[:-1]
    keywords = [list(of_class) for of_class in np.split(np.array(words), ends)]
    return TextProblem([f"c{number}" for number in range(len(keywords))], keywords)


@pytest.fixture
def texts():
    documents = {f"d{number}": vector for number, vector in enumerate(HELD["documents"])}
    keywords = {f"k{number}": vector for number, vector in enumerate(HELD["keywords"])}
    return Vectors(documents | keywords, items(list(documents)))


@pytest.mark.parametrize("number", sorted(CASES))
def test_label_vectors_and_similarities(number, problem, texts):
    case = CASES[number]
    options = dict(case["options"])
    limit = options.get("max_num_docs")
    mode = {"max_num_docs_mode": "corpus-prefix"} if limit is not None else {}
    scores = lbl2transformervec(**options, **mode)(texts, problem).score(texts.items)
    np.testing.assert_allclose(scores, HELD[f"similarities_{number}"], atol=1e-5)
    counts = list(texts.notes["documents per class"].values())
    assert counts == list(HELD[f"n_selected_{number}"]) == case["n_selected"]
    gold = Labels(HELD["labels"], class_names=problem.class_names)
    if any(count < len(HELD["documents"]) for count in counts):
        assert list(scores.argmax(axis=1)) == list(HELD[f"pred_{number}"])
        assert naming.resolve("F1-over-all-classes").compute(scores, gold) == pytest.approx(case["macro_f1"], abs=1e-6)
    chosen = Selection(
        options.get("similarity_threshold"),
        options.get("similarity_threshold_offset", 0.0),
        options.get("min_num_docs", 1),
        limit,
        "corpus-prefix",
    )
    keywords, documents = HELD["mean_keyword"].astype(float), HELD["documents"].astype(float)
    vectors, _ = label_vectors(keywords, documents, cosines(documents, keywords), chosen, without_outliers=False)
    np.testing.assert_allclose(vectors, HELD[f"label_vectors_{number}"], atol=1e-5)


def test_the_baseline_compares_with_mean_keywords(problem, texts):
    scores = similarity()(texts, problem).score(texts.items)
    assert list(scores.argmax(axis=1)) == list(HELD["baseline_pred"])
    np.testing.assert_allclose(scores, cosines(HELD["documents"].astype(float), HELD["mean_keyword"]), atol=1e-5)


@pytest.mark.parametrize("number", range(len(UNITS["chunking"])))
def test_chunks_are_the_references_with_the_empty_one(number):
    case = UNITS["chunking"][number]
    assert chunks(case["sentences"], case["max_words"], reference=True) == case["chunks"]
    assert chunks(case["sentences"], case["max_words"]) == [chunk for chunk in case["chunks"] if chunk]


def test_confidence_is_a_softmax_of_twenty_times_the_cosines():
    for case in UNITS["confidence"]:
        assert KIND.probabilities([case["sims"]]).max() == pytest.approx(case["conf"], abs=1e-9)
