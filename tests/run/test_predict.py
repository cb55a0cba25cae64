"""A shard in progress is kept often enough that a kill costs little, and seldom enough that keeping it costs little."""

import json

import pytest

from zsbench.core import files
from zsbench.run import predict


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the test moves."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(predict.time, "monotonic", lambda: Clock.now)
    return Clock


def run(clock, n_items, predicting, writing):
    """Predict a shard, and return the seconds spent writing and the most seconds of work that a kill would have cost."""
    pace, spent, last, lost = predict.Pace(), 0.0, 0.0, 0.0
    for n in range(1, n_items):
        clock.now += predicting
        lost = max(lost, clock.now - last)
        if pace.allows(n):
            clock.now += writing * n
            spent, last = spent + writing * n, clock.now
            pace.wrote(n)
    return spent, lost


def test_large_predictions_are_not_written_again_and_again(clock):
    spent, _ = run(clock, n_items=160, predicting=1.0, writing=0.5)
    # The first write tells what writing costs; from then on it keeps to its share.
    assert spent <= predict.Pace.share * clock.now + 2 * 0.5


def test_small_predictions_are_kept_every_other_second(clock):
    spent, lost = run(clock, n_items=64, predicting=1.0, writing=0.0001)
    assert spent < 0.5
    assert lost <= 3.0


def test_nothing_is_kept_within_the_first_second(clock):
    assert run(clock, n_items=1000, predicting=0.0009, writing=0.1)[0] == 0.0


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"a": {}},
        {"a": [], "b": [{"c": [1, {}]}, None]},
        {"é\n": {"x": 1.5, "y": "\u2028"}},
        {1: [2], "b": None},
    ],
)
def test_json_is_read_back_as_it_was(value, tmp_path):
    files.write_json(tmp_path / "a.json", value)
    assert json.loads((tmp_path / "a.json").read_text()) == json.loads(json.dumps(value))


def test_a_list_in_json_has_a_line_an_entry(tmp_path):
    files.write_json(tmp_path / "a.json", {"inputs": [{"path": "a", "size": 1}, {"path": "b", "size": 2}], "n": 2})
    lines = [
        "{",
        '  "inputs": [',
        '    {"path": "a", "size": 1},',
        '    {"path": "b", "size": 2}',
        "  ],",
        '  "n": 2',
        "}",
    ]
    assert (tmp_path / "a.json").read_text().splitlines() == lines
