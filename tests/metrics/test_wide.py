"""Metrics whose statistics are histograms: exact sums, bounded memory, one column in items.parquet."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest

from zsbench.metrics import bootstrap, naming
from zsbench.metrics.intervals import interval
from zsbench.metrics.metric import metric
from zsbench.results.items import item_columns, item_statistics

LEVELS = 2000


def _area(sums, n):
    """AUROC of counts of negatives and positives at each level, ties counted half."""
    negatives, positives = sums[..., :LEVELS], sums[..., LEVELS:]
    below = np.cumsum(negatives, axis=-1) - negatives / 2
    return (below * positives).sum(axis=-1) / (negatives.sum(axis=-1) * positives.sum(axis=-1))


@metric("pooled-area", of_sums=_area)
def pooled_area(levels, labels):
    """Area under the ROC curve of all pixels together, scores being whole numbers below LEVELS."""
    counts = [
        np.bincount(row + LEVELS * label, minlength=2 * LEVELS) for row, label in zip(levels, labels, strict=True)
    ]
    return np.array(counts, dtype=np.float64)


def example(n=40):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (n, 300))
    return np.clip(rng.normal(900 + 200 * labels, 300).astype(int), 0, LEVELS - 1), labels


def test_a_pooled_curve_is_a_sum_of_histograms():
    from sklearn.metrics import roc_auc_score

    levels, labels = example()
    expected = roc_auc_score(labels.ravel(), levels.ravel())
    assert pooled_area.metric.compute(levels, labels) == pytest.approx(expected, abs=1e-12)


def test_its_interval_needs_little_memory_and_does_not_depend_on_blocks(monkeypatch):
    table = pooled_area(*example())
    tracemalloc.start()
    found = interval(pooled_area.metric, table, resamples=5000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150e6  # all resamples at once would take 160 MB for the sums, and half as much for each step
    monkeypatch.setattr(bootstrap, "_DRAWS_AT_ONCE", 400_000)
    assert interval(pooled_area.metric, table, resamples=5000) == found


def test_items_hold_few_statistics_by_column_and_many_as_a_list():
    table = np.arange(6.0).reshape(2, 3)
    assert item_columns("a", table[:, :1]).keys() == {"a"}
    assert item_columns("b", table).keys() == {"b.0", "b.1", "b.2"}
    wide = pooled_area(*example(4))
    written = pa.table(item_columns("c", wide))
    assert written.column_names == ["c"]
    np.testing.assert_array_equal(np.array(written["c"].to_pylist()), wide)


def test_a_table_of_counts_label_by_label_is_kept_whole():
    """The names of counts fit a micro average alone; a macro average has them for each label."""
    metric = naming.resolve("F1(average=macro)")
    table = np.arange(24.0).reshape(2, 12)
    columns = item_columns(metric.name, table, metric.columns)
    assert np.array_equal(item_statistics(metric, columns), table)
    assert list(item_columns("F1", table[:, :3], metric.columns)) == ["F1.tp", "F1.fp", "F1.fn"]
