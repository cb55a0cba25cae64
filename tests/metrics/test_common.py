"""Invariances that hold for every metric there is: the registry is the list, so a new metric is covered at once."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from zsbench import catalog, metrics
from zsbench.metrics._intervals import interval
from zsbench.metrics.retrieval import Relevant

LABELS = ["person", "place", "thing"]


def classification(rng, n):
    return [list(row) for row in rng.random((n, 6))], [int(y) for y in rng.integers(0, 6, n)]


def ranking(rng, n):
    docs = [f"d{i}" for i in range(12)]
    runs = [{d: float(s) for d, s in zip(docs, rng.permutation(12), strict=True)} for _ in range(n)]
    return runs, [{d: int(g) for d, g in zip(docs, rng.integers(0, 3, 12), strict=True)} for _ in range(n)]


def spans(rng, n):
    def some():
        return [(int(i), int(i), LABELS[rng.integers(3)]) for i in np.flatnonzero(rng.random(5) < 0.5)]

    return [some() for _ in range(n)], [some() for _ in range(n)]


def depth(rng, n):
    gold = [rng.uniform(1, 9, 20) for _ in range(n)]
    return [g * rng.uniform(0.7, 1.4, 20) for g in gold], gold


def multilabel(rng, n):
    return [list(row) for row in rng.random((n, 6))], [list(row) for row in rng.integers(0, 2, (n, 6))]


def hierarchy(rng, n):
    class Tree(list):
        distances = np.array([[0, 2, 4], [2, 0, 4], [4, 4, 0]])[np.ix_([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2])]

    pred, gold = classification(rng, n)
    return pred, Tree(gold)


def certainty(rng, n):
    pred, gold = classification(rng, n)
    pred = [[8 * s for s in row] for row in pred]
    for row in pred[1::2]:  # every other item has lost one or two classes
        row[rng.integers(0, 3)] = row[rng.integers(0, 3)] = -np.inf
    pred[0] = [30.0 * (c == 1) for c in range(6)]
    return pred, gold


def generalised(rng, n):
    class Split(list):
        unseen = np.array([False, True] * 3)

    pred, gold = classification(rng, n)
    return pred, Split(gold)


def episodes(rng, n):
    return [[[int(label) for label in rng.integers(0, 5, 6)] for _ in range(n)] for _ in range(2)]


def retrieval(rng, n):
    pred, _ = ranking(rng, n)
    found = [frozenset(f"d{i}" for i in rng.choice(12, rng.integers(1, 4), replace=False)) for _ in range(n)]
    return pred, [Relevant(positives, query=("text", "image")[i % 2]) for i, positives in enumerate(found)]


def caption_selection(rng, n):
    return [[list(row) for row in rng.random((2, 4))] for _ in range(n)], [None] * n


def groups(rng, n):
    class Grouped(list):
        groups = property(lambda self: np.asarray(self) % 2)

    pred, gold = classification(rng, n)
    return pred, Grouped(gold)


EXAMPLES = {
    "groups": groups,
    "caption_selection": caption_selection,
    "classification": classification, "ranking": ranking, "spans": spans, "depth": depth,
    "clustering": classification, "multilabel": multilabel, "hierarchy": hierarchy, "certainty": certainty, "retrieval": retrieval,
    "generalised": generalised, "episodes": episodes,
}  # fmt: skip
OF_PAIRS = {"pair-precision", "pair-recall"}  # an item and its copy are a pair of their own
NEEDS_CUT = {"hit", "retrieval:recall", "P", "Recall", "R_cap", "Success", "Judged", "Hole"}
EVERY = [name + ("@3" if name in NEEDS_CUT else "") for name in catalog.metrics()] + [
    "acc@5", "nDCG(gain=exp)@5", "MRR@3", "F1(average=macro)", "AbsRel(average=pixel)", "RMSE(average=pixel)",
    "SILog(average=pixel,focus=0.5)", "delta(average=pixel)@2",
    "H(average=class)", "seen-acc(average=class,absent=zero)", "missing-classes(when=never-named)", "certain-ratio(classes=kept)", "acc-among(items=newly-certain)",
]  # fmt: skip


def example(name, seed, n):
    kind = catalog.metrics()[name.split("(")[0].split("@")[0]].family
    return EXAMPLES[kind](np.random.default_rng(seed), n)


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16), n=st.integers(1, 12))
def test_order_and_duplication_change_nothing(name, seed, n):
    metric = metrics.resolve(name)
    pred, gold = example(name, seed, n)
    assume((~np.isnan(metrics.as_table(metric.statistics(pred, gold))).any(axis=1)).any())
    value = metric.compute(pred, gold)
    assume(not np.isnan(value))
    order = np.random.default_rng(seed + 1).permutation(n)
    shuffled = [pred[i] for i in order], type(gold)(gold[i] for i in order)
    assert metric.compute(*shuffled) == pytest.approx(value, abs=1e-9)
    if name not in OF_PAIRS:
        assert metric.compute(pred * 2, type(gold)(gold * 2)) == pytest.approx(value, abs=1e-9)
    if metric.unit == "%" and metric.better == "higher":
        assert 0 <= value <= 1


@pytest.mark.parametrize("name", EVERY)
def test_the_interval_holds_the_value_and_depends_on_the_seed_only(name):
    metric = metrics.resolve(name)
    pred, gold = example(name, 3, 30)
    table = metrics.as_table(metric.statistics(pred, gold))
    low, high, _ = interval(metric, table, resamples=1000)
    assert low <= metric.reduce(table) <= high
    assert interval(metric, table, resamples=1000)[:2] == (low, high)


@pytest.mark.parametrize("name", EVERY)
def test_no_items_is_undefined_not_zero(name):
    with pytest.raises(ValueError, match="no items"):
        metrics.resolve(name).reduce(np.zeros((0, 3)))


@pytest.mark.parametrize(
    "name", [n for n in EVERY if catalog.metrics()[n.split("(")[0].split("@")[0]].family != "spans"]
)
def test_nan_in_a_prediction_raises(name):
    pred, gold = example(name, 5, 4)
    if isinstance(pred[1], dict):
        pred[1]["d3"] = float("nan")
    elif isinstance(pred[1][0], list):
        pred[1][0][0] = float("nan")
    else:
        pred[1][3] = float("nan")
    if name.startswith("Judged"):
        pytest.skip("looks at which documents were judged, not at scores")
    with pytest.raises(ValueError, match="NaN"):
        metrics.resolve(name).statistics(pred, gold)


@pytest.mark.parametrize("name", EVERY)
def test_a_perfect_prediction_cannot_be_beaten(name):
    metric = metrics.resolve(name)
    pred, gold = example(name, 7, 8)
    kind = catalog.metrics()[name.split("(")[0].split("@")[0]].family
    best = {
        "classification": lambda: [[float(c == y) for c in range(6)] for y in gold],
        "ranking": lambda: [{d: float(g) for d, g in row.items()} for row in gold],
        "spans": lambda: gold,
        "groups": lambda: [[float(c == y) for c in range(6)] for y in gold],
        "caption_selection": lambda: [np.eye(2, 4)] * len(gold),
        "retrieval": lambda: [{d: float(d in row.positives) for d in pred[0]} for row in gold],
        "depth": lambda: gold,
        "clustering": lambda: gold,
        "generalised": lambda: np.array(gold),
        "episodes": lambda: gold,
        "multilabel": lambda: [[float(target) for target in row] for row in gold],
        "hierarchy": lambda: gold,
        "certainty": lambda: [
            [-np.inf if i % 2 and c == (y + 1) % 6 else 30.0 * (c == y) for c in range(6)] for i, y in enumerate(gold)
        ],
    }[kind]()
    perfect, other = metric.compute(best, gold), metric.compute(pred, gold)
    assert perfect >= other - 1e-12 if metric.better == "higher" else perfect <= other + 1e-12
