"""Predictions read back from shards: in order, one by one, and only the shard that is asked for."""

from types import SimpleNamespace

import numpy as np
import pytest

from zsbench.core.errors import UserError
from zsbench.run.predict import Predictions
from zsbench.tasks.formats.class_scores import ClassScores

ITEMS = [SimpleNamespace(id=f"i{n}") for n in range(5)]
ROWS = np.arange(15, dtype=np.float32).reshape(5, 3)


@pytest.fixture
def predictions(tmp_path):
    task = SimpleNamespace(shard_size=2, absent=None, format=ClassScores(["a", "b", "c"]))
    shards = [tmp_path / f"{number}.parquet" for number in range(3)]
    for number, path in enumerate(shards):
        part = slice(number * 2, number * 2 + 2)
        task.format.write(path, ITEMS[part], list(ROWS[part]))
    return Predictions(task, shards, ITEMS)


def test_they_are_those_that_were_written(predictions):
    assert len(predictions) == 5
    assert np.array_equal(list(predictions), ROWS)
    assert np.array_equal(predictions[1:4], ROWS[1:4])
    for number in range(-5, 5):
        assert np.array_equal(predictions[number], ROWS[number])
    with pytest.raises(IndexError):
        predictions[5]


def test_one_of_them_takes_no_other_shard(predictions):
    predictions.shards[0].write_bytes(b"damaged")
    assert np.array_equal(predictions[2], ROWS[2])
    with pytest.raises(UserError, match=r"0\.parquet: not a predictions file"):
        predictions[1]
