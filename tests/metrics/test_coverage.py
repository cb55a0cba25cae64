"""A short part of `make coverage`: intervals hold the truth, or a note says that they do not."""

import importlib.util
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
spec = importlib.util.spec_from_file_location("coverage_of_intervals", PLACE)
simulation = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(simulation)

SETTINGS = {(s.metric, s.what, s.n): s for s in simulation.settings()}
HELD = [
    ("acc@1", "share .97", 30),
    ("H", "seen .8, unseen .03", 30),
    ("worst-group-acc@1", "6 groups alike", 30),
    ("mean-per-class", "classes of 1", 30),
    ("mean-per-class", "classes of 3", 30),
    ("hit@1", "300 images x 5 captions, ICC 0.6", 1500),
    ("F1", "30 documents x 10 sentences", 300),
    ("nDCG@10", "spread over 0 to 1", 300),
]


@pytest.mark.parametrize("key", HELD)
def test_an_interval_without_a_note_holds_the_truth(key):
    found = simulation.of_setting(SETTINGS[key], 120)
    # Of 120 sets at 95 %, 105 (87.5 %) are the 0.1 % quantile.
    assert found.coverage_without_note is not None
    assert found.coverage_without_note >= 0.875


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (("MRR@10", "a tenth found", 30), "few items: 30"),
        (("mAP", "10 classes, 2 positives each", 30), "few positives"),
        (("F1-over-classes", "30 Zipf classes", 300), "classes have fewer than 10"),
        (("hit@1", "10 images x 5 captions, ICC 0.3", 50), "few clusters: 10"),
    ],
)
def test_one_that_may_not_hold_it_says_so(key, says):
    import numpy as np

    setting = SETTINGS[key]
    metric = simulation.naming.resolve(setting.metric, kinds=(setting.kind,) if setting.kind else None)
    table, clusters = setting.draw(np.random.default_rng(0))
    assert says in simulation.interval(metric, table, clusters=clusters, resamples=300).note


def test_paired_tests_keep_their_size_and_find_what_is_there():
    found = {(row.test, row.n): row for row in simulation.of_tests(80)}
    # Of 80 cases at 5 %, 11 (13.75 %) are the 99.9 % quantile.
    for test in ("McNemar", "sign flips", "bootstrap"):
        assert found[test, 300].size <= 0.1375 < 0.5 < found[test, 300].power
    assert found["sign flips of clusters", 300].size <= 0.1375
    assert found["sign flips of items", 300].size > 0.1375  # items of a cluster are not independent
