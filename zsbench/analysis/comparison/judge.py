"""The differences of two entrants, metric by metric; metrics that draw the same items draw them once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zsbench.analysis.comparison.difference import Difference, SeedSpread
from zsbench.analysis.comparison.entrants import Entrant, are_seed_by_seed
from zsbench.analysis.comparison.joined import Joined, Tables, Unalike
from zsbench.analysis.comparison.paired_test import TestName, tested
from zsbench.core.errors import UserError, shown, unknown_name
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics import doubts, naming
from zsbench.metrics.bootstrap import Table, bootstrapped, percentile
from zsbench.metrics.metric import Metric, mean
from zsbench.results.finished_run import FinishedRun


class NothingToCompare(UserError):
    """Two runs without a metric that both have a value for."""


@dataclass(frozen=True)
class Settings:
    """How differences are judged.

    Attributes
    ----------
    resamples, seed, confidence : of the bootstrap and of its interval; `seed` also draws random sign flips.
    test : the paired test, where it is not the one that fits the metric.
    allow : what runs may differ in: `prompts`, `data`.
    """

    resamples: int = 10_000
    seed: int = 0
    confidence: float = 0.95
    test: TestName = "auto"
    allow: Collection[str] = ()


def differences(
    first: FinishedRun | Entrant,
    second: FinishedRun | Entrant,
    *,
    metrics: Sequence[str] = (),
    resamples: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    test: TestName = "auto",
    allow: Collection[str] = (),
    notes: list[str] | None = None,
) -> list[Difference]:
    """Return what every common metric says of two runs of one task, in the order of the first; p is not adjusted yet.

    A metric that cannot be compared is left out; of metrics that are named, there may be no difference.

    Parameters
    ----------
    notes : is added to: a sentence for each metric that is left out, and for what differs and is allowed to.

    Raises
    ------
    NothingToCompare
        No metric is named, and none can be compared.
    UserError
        The runs do not answer one question, or are not over the same items; one of them lacks a metric that is wanted.
    """
    settings = Settings(resamples, seed, confidence, test, allow)
    a, b = (side if isinstance(side, Entrant) else Entrant((side,)) for side in (first, second))
    joined = Joined(a, b, allow)
    require_known(metrics, common_metrics(joined))
    try:
        return judged(joined, metrics=metrics, settings=settings)
    except NothingToCompare as error:
        if not metrics:
            raise
        joined.notes.append(f"{a.task}: {error.found}")
        return []
    finally:
        if notes is not None:
            notes += joined.notes


def judged(joined: Joined, *, metrics: Sequence[str] = (), settings: Settings) -> list[Difference]:
    """Return what every common metric says of two entrants; one that cannot be compared is noted in `joined.notes`.

    Raises
    ------
    NothingToCompare
        They share no metric, or none that has a value for an item in both.
    """
    names = common_metrics(joined, metrics)
    if not names:
        titles = f"{joined.first.title} and {joined.second.title}"
        raise NothingToCompare("", f"{titles} have no metric in common", "runs that were judged alike")
    tables, unalike = [], []
    for name in names:
        try:
            table = joined.tables(name)
        except Unalike as error:
            unalike.append(error.found)
            joined.notes.append(f"{joined.first.task}: left out, for {error.found}")
            continue
        if table.is_defined.any():
            tables.append(table)
        else:
            joined.notes.append(f"{joined.first.task}, {name}: left out, without a value for an item in both runs")
    if not tables:
        where = shown(joined.first.first.folder)
        problem = "; ".join(unalike) or "no metric has a value for an item in both runs"
        raise NothingToCompare(where, problem, "metrics with values, kept alike")
    draws = replicates(tables, settings)
    rows = []
    for table, (of_first, of_second) in zip(tables, draws, strict=True):
        row = _difference(table, of_first, of_second, settings)
        rows.append(replace(row, task=joined.first.task, seeds=_spread(joined, table)))
    return rows


def common_metrics(joined: Joined, wanted: Sequence[str] = ()) -> list[str]:
    """Return the metrics of both sides, those of them that are wanted, in the order of the first side."""
    runs = [*joined.first.runs, *joined.second.runs]
    common = [name for name in runs[0].result["metrics"] if all(name in run.result["metrics"] for run in runs)]
    names = {naming.named(name, common) for name in wanted}
    return [name for name in common if not wanted or name in names]


def require_known(wanted: Sequence[str], common: Collection[str]) -> None:
    """Refuse wanted metrics that no two runs have in common.

    Raises
    ------
    UserError
        There is one; the nearest names and all that are in common are named.
    """
    for name in wanted:
        if naming.named(name, common) is None:
            listed = ", ".join(common) or "none"
            raise unknown_name("--metric", "metric", name, common, listed_by=f"in common: {listed}")


def replicates(tables: Sequence[Tables], settings: Settings) -> list[tuple[DoubleArray, DoubleArray]]:
    """Return each metric of the same resamples of either side, (B,), its mean over a side's seeds."""
    alike: dict[Any, list[int]] = {}
    every = [[_drawn(t.metric, part, t.clusters) for part in (*t.first, *t.second)] for t in tables]
    for number, parts in enumerate(every):
        drawn = min(part.affordable(settings.resamples) for part in parts)
        alike.setdefault((*parts[0].drawn_alike(), drawn), []).append(number)
    results: dict[int, tuple[DoubleArray, DoubleArray]] = {}
    for (*_, drawn), numbers in alike.items():
        values = iter(bootstrapped([part for number in numbers for part in every[number]], drawn, settings.seed))
        for number in numbers:
            sides = [[next(values) for _ in side] for side in (tables[number].first, tables[number].second)]
            first, second = (np.mean(side, axis=0) for side in sides)
            results[number] = first, second
    return [results[number] for number in range(len(tables))]


def _drawn(metric: Metric, statistics: DoubleArray, clusters: IntArray | None) -> Table:
    """Return what is drawn of a run: of a mean over items in disguise (class means) the items' values.

    Strata of a few items would hide how far they vary.
    """
    if metric.as_mean is None:
        return Table.of(metric, statistics, clusters)
    plain = replace(metric, of_sums=mean, of_items=None, of_weights=None, strata=None, as_mean=None)
    return Table.of(plain, metric.as_mean(statistics)[:, None], clusters)


def values_of(tables: Tables) -> tuple[list[float], list[float]]:
    """Return the metric of each run of either side."""
    first, second = ([tables.metric.reduce(table) for table in side] for side in (tables.first, tables.second))
    return first, second


def _difference(tables: Tables, first: DoubleArray, second: DoubleArray, settings: Settings) -> Difference:
    """Return a metric's row, from its replicates of either side."""
    metric = tables.metric
    low, high = percentile(second - first, confidence=settings.confidence)
    test = tested(tables, second - first, wanted=settings.test, seed=settings.seed)
    before, after = (float(np.mean(side)) for side in values_of(tables))
    n = len(tables.first[0])
    groups = None if tables.clusters is None else tables.n_units
    drawn = [f"B={len(first)}", f"seed={settings.seed}", *([] if groups is None else [f"clusters={groups}"])]
    row = Difference(
        "", metric.name, metric.unit, metric.better, before, after, after - before, low, high, test.p, test.name, n,
        tables.left_out, undefined=tables.undefined, n_clusters=groups, method=f"bootstrap({', '.join(drawn)})",
        resamples=len(first), seed=settings.seed, confidence=settings.confidence,
        note=note_of(tables.n_units, tables.clusters, second - first),
    )  # fmt: skip
    values = tables.means or (tables.values if all(t.shape[1] == 1 for t in (*tables.first, *tables.second)) else None)
    if values is None:
        return row
    gains = np.subtract(*values[::-1]) * (1 if metric.better == "higher" else -1)
    wins, losses = int((gains > 0).sum()), int((gains < 0).sum())
    return replace(row, wins=wins, ties=n - wins - losses, losses=losses)


def note_of(units: int, clusters: IntArray | None, differences: DoubleArray) -> str:
    """Return what keeps the interval of a difference from covering the truth as often as it says; mostly nothing.

    Parameters
    ----------
    units : how many items, or clusters, were drawn.
    clusters : (n_items,) numbers of the items' clusters, or None.
    differences : (B,), the resampled differences; undefined ones are left out.
    """
    finite = differences[np.isfinite(differences)]
    return doubts.joined([doubts.few(units, clusters), doubts.skewed(finite) if len(finite) else ""])


def _spread(joined: Joined, tables: Tables) -> SeedSpread | None:
    if len(tables.first) == len(tables.second) == 1:
        return None
    first, second = values_of(tables)
    is_paired = are_seed_by_seed(joined.first, joined.second)
    paired = tuple(b - a for a, b in zip(first, second, strict=True)) if is_paired else ()
    return SeedSpread(tuple(first), tuple(second), paired)
