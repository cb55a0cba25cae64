"""What rows over several tasks know of their errors together: tasks that share items err together.

Every item has an influence on a metric: how far the value moves when the item is left out (jackknife). Two metrics are
correlated as far as the influences of the items that they share are:

    r_ij = sum_(shared) a_i a_j / sqrt( sum a_i^2  sum a_j^2 )        a centred

Where items come in clusters, the influence is that of a whole cluster. A metric whose value no item moves (100 % right)
is correlated by the share of its items that it has in common with the other.

Source: Efron & Stein 1981 (jackknife); Zou 2007 (correlated parts of MOVER).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, NDArray, lazy, np
from zsbench.core.records import canonical_json
from zsbench.metrics.bootstrap import Table, counts_of_units, sizes_of, sums_of
from zsbench.metrics.metric import Metric
from zsbench.results.finished_run import FinishedRun

sparse = lazy("scipy.sparse")
log = logging.getLogger(__name__)

# Options of sources that say where data are; a source that has none of them brings its own.
_WHERE = ("path", "root", "images", "dataset", "id", "qrels", "queries", "questions", "collection")
_RESAMPLES = 400
"""Of a metric whose value without an item takes long: its regression on how often each item was drawn."""


def influences(metric: Metric, statistics: DoubleArray, units: Any) -> DoubleArray:
    """Return how far each unit moves a metric, (n_units,), centred.

    Parameters
    ----------
    statistics : (n_items, n_statistics) without NaN.
    units : (n_items,) numbers 0..n_units-1 of the items, or of their clusters.
    """
    n_units = int(units.max()) + 1
    if n_units < 2:
        return np.zeros(n_units)
    if metric.of_sums is not None:
        sums, sizes = sums_of(statistics, units), sizes_of(units)
        with np.errstate(invalid="ignore", divide="ignore"):
            without = metric.of_sums(sums.sum(axis=0) - sums, np.maximum(sizes.sum() - sizes, 1))
        moved = np.nan_to_num(-np.asarray(without, dtype=np.float64))
    else:
        moved = _regressed(metric, statistics, units, n_units)
    return np.asarray(moved - moved.mean())


def _regressed(metric: Metric, statistics: DoubleArray, units: Any, n_units: int) -> DoubleArray:
    """Return the slope of a metric's resampled values on how often each unit was drawn, (n_units,)."""
    table = Table.of(metric, statistics, units)
    blocks = [(counts, table.values(None, counts)) for counts in counts_of_units(n_units, _RESAMPLES, 0)]
    values = np.concatenate([of_block for _, of_block in blocks])
    known = np.isfinite(values)
    centred = np.where(known, values - values[known].mean(), 0) if known.any() else np.zeros(_RESAMPLES)
    of_blocks = np.split(centred, np.cumsum([len(of_block) for _, of_block in blocks])[:-1])
    return np.asarray(sum(part @ counts for part, (counts, _) in zip(of_blocks, blocks, strict=True)) / _RESAMPLES)


def correlations(runs: Sequence[FinishedRun], metrics: Sequence[str]) -> NDArray[Any]:
    """Return how the errors of one metric of each run go together, (n_runs, n_runs), ones on the diagonal.

    Runs over different data are independent, whatever their items are called. Runs over the same data whose items are
    missing or damaged are taken to err alike, which is never too narrow; a warning says so.
    """
    r = np.eye(len(runs))
    for members in of_one_place(runs):
        if len(members) > 1:
            try:
                block = _correlated([runs[i] for i in members], [metrics[i] for i in members])
            except UserError as error:
                log.warning("%s; taken to err like the others over its data", error)
                block = np.ones((len(members), len(members)))
            r[np.ix_(members, members)] = block
    return r


def _correlated(runs: Sequence[FinishedRun], names: Sequence[str]) -> NDArray[Any]:
    number_of: dict[str, int] = {}
    rows, columns, values = [], [], []
    for row, (run, name) in enumerate(zip(runs, names, strict=True)):
        metric = run.metric(name)
        statistics = run.statistics(metric)
        is_defined = ~np.isnan(statistics).any(axis=1)
        labels = np.asarray(run.items["id"] if run.clusters is None else run.clusters)[is_defined]
        distinct, units = np.unique(labels, return_inverse=True)
        rows += [row] * len(distinct)
        columns += [number_of.setdefault(label, len(number_of)) for label in distinct.tolist()]
        values.append(influences(metric, statistics[is_defined], units))
    shape = (len(runs), len(number_of))
    moved = sparse.csr_array((np.concatenate(values), (rows, columns)), shape=shape)
    present = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    together, shared = (np.asarray((m @ m.T).todense(), dtype=np.float64) for m in (moved, present))
    fixed = np.diag(together) <= 0
    scale = np.sqrt(np.where(fixed, 1, np.diag(together)))
    r = together / np.outer(scale, scale)
    overlap = shared / np.sqrt(np.outer(np.diag(shared), np.diag(shared)))
    is_fixed = fixed[:, None] & fixed[None, :]
    r = np.where(is_fixed, overlap, r)
    np.fill_diagonal(r, 1.0)
    return r


def of_one_place(runs: Sequence[FinishedRun]) -> list[list[int]]:
    """Return the numbers of the runs by where their data come from: the same items, a file or a data set in common."""
    place_of: dict[str, int] = {}
    group = list(range(len(runs)))

    def head(number: int) -> int:
        while group[number] != number:
            number = group[number]
        return number

    for number, run in enumerate(runs):
        for place in _places(run.result):
            group[head(number)] = head(place_of.setdefault(place, number))
    groups: dict[int, list[int]] = {}
    for number in range(len(runs)):
        groups.setdefault(head(number), []).append(number)
    return list(groups.values())


def _places(result: dict[str, Any]) -> set[str]:
    """Return what tells where a result's items come from: their digest, and the files or the data set of its source."""
    data = result.get("config", {}).get("task", {}).get("data", {})
    places = [data[key] for key in _WHERE if data.get(key)] or [data.get("name")]
    fingerprint = result.get("test_fingerprint") or result["config_hash"]
    return {canonical_json(["items", fingerprint]), *(canonical_json(["data", place]) for place in places if place)}
