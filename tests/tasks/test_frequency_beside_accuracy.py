"""Counts that a task names bring metrics of frequency beside accuracy, joined by the names of classes."""

import json

import numpy as np
import pytest

from zsbench.config.paths import ASSETS
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.concept_counts import class_counts, names_in
from zsbench.engine import local
from zsbench.metrics import naming
from zsbench.metrics.intervals import interval
from zsbench.metrics.labels.gold import Labels
from zsbench.metrics.labels.tails import OF_FREQUENCY
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

LONGTAIL = "asset:models/clip-glyphs-longtail/concept_counts.json"


def run(folder, task):
    path = folder / "t.yaml"
    path.write_text("extends: glyphs\n" + task)
    made = planning.make(str(path), Choices(methods=("random-class",), settings={"resamples": 200}))
    [outcome] = local.run(made, Options(folder / "out", Cache(None)), lambda *_: None, lambda _: None)
    if outcome.error:
        raise outcome.error
    return outcome.result


def test_metrics_of_frequency_stand_beside_those_that_are_named(tmp_path):
    metrics = run(tmp_path, f"frequency: {LONGTAIL}\nmetrics: [acc@1, spearman(frequency)]\n")["metrics"]
    assert list(metrics) == ["acc@1", "frequency-spearman", *(n for n in OF_FREQUENCY if n != "frequency-spearman")]
    slope = metrics["slope-per-decade"]
    assert slope["low"] < 0 < slope["high"]  # chance does not hang on frequency
    assert (metrics["tail-acc"]["n"], metrics["head-acc"]["n"]) == (12 * 20, 43 * 20)


def test_without_counts_a_metric_of_frequency_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"t\.yaml.*tail-acc.*no counts"):
        run(tmp_path, "metrics: [tail-acc]\n")


def test_a_class_without_a_count_is_named_with_the_nearest(tmp_path):
    counts = json.loads((ASSETS / "models/clip-glyphs-longtail/concept_counts.json").read_text())
    counts["Letter  B"] = counts.pop("letter B")  # another case, more blanks: still one name
    counts["letter Ä"] = counts.pop("letter Z")
    path = tmp_path / "c.json"
    path.write_text(json.dumps(counts))
    with pytest.raises(UserError, match="1 concept without a count: 'letter Z' \\(nearest: 'letter"):
        run(tmp_path, "frequency: c.json\n")


def test_names_are_looked_up_as_they_stand_then_as_aliases_then_loosely(tmp_path):
    counts = {"crane": 1, "Crane": 2, "air_plane": 3, "bird": 0}
    assert names_in(counts, ["crane", "Crane", "CRANE", "plane", "Bird"], {"plane": "Air plane"}) == [
        "crane", "Crane", None, "air_plane", "bird"]  # fmt: skip
    assert names_in({"": 3, "a": 1}, ["", "a"]) == ["", "a"]
    assert names_in({"a": 1}, [""]) == [None]
    (tmp_path / "c.json").write_text(json.dumps(counts))
    assert class_counts(tmp_path / "c.json", ["bird", "Crane"]).tolist() == [0, 2]


def test_metrics_are_those_of_the_accuracies_of_classes():
    from scipy.stats import linregress, spearmanr

    rng = np.random.default_rng(0)
    counts, labels = rng.integers(0, 5000, 40), rng.integers(0, 40, 900)
    right = rng.random(900) < (0.1 + 0.2 * np.log10(np.maximum(counts, 1)))[labels]
    pred, gold = np.where(right, labels, (labels + 1) % 40), Labels(labels, counts=counts)
    accuracies = np.array([right[labels == number].mean() for number in range(40)])
    slope, rho, tail, head = (naming.resolve(name, kinds=("frequency", "tails")) for name in OF_FREQUENCY)
    assert slope.compute(pred, gold) == pytest.approx(linregress(np.log10(np.maximum(counts, 1)), accuracies).slope)
    assert rho.compute(pred, gold) == pytest.approx(spearmanr(counts, accuracies).statistic)
    order = np.argsort(counts, kind="stable")
    assert tail.compute(pred, gold) == pytest.approx(accuracies[order[:9]].mean())  # floor(0.2 * 40) + 1
    assert head.compute(pred, gold) == pytest.approx(accuracies[order[9:]].mean())
    found = interval(slope, slope.statistics(pred, gold))
    assert found.low < slope.compute(pred, gold) < found.high
    few = labels < 20
    assert interval(slope, slope.statistics(pred[few], Labels(labels[few], counts=counts))).note == "few classes: 20"
