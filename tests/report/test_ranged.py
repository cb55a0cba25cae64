"""Doubts that differ in numbers alone stand in one line."""

from zsbench.report import ranged


def test_each_number_that_differs_becomes_a_range():
    doubts = [
        "resamples are skewed (-0.4), 2 of 6",
        "resamples are skewed (0.3), 2 of 6",
        "resamples are skewed (-1.1), 2 of 6",
    ]
    assert {ranged.without_numbers(doubt) for doubt in doubts} == {"resamples are skewed (#), # of #"}
    assert ranged.as_one(doubts) == "resamples are skewed (-1.1 to 0.3), 2 of 6"
    assert ranged.as_one(doubts[:1] * 2) == doubts[0]
