"""The differences of two entrants, metric by metric; metrics that draw the same items draw them once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zsbench.analysis.comparison.difference import Difference, SeedSpread
from zsbench.analysis.comparison.entrants import Entrant, are_seed_by_seed
from zsbench.analysis.comparison.joined import Joined, Tables
from zsbench.analysis.comparison.paired_test import TestName, tested
from zsbench.core.errors import UserError, shown, unknown_name
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics import naming
from zsbench.metrics.bootstrap import Table, bootstrapped, percentile, sizes_of
from zsbench.results.finished_run import FinishedRun


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
) -> list[Difference]:
    """Return what every common metric says of two runs of one task, in the order of the first; p is not adjusted yet.

    Raises
    ------
    UserError
        The runs do not answer one question, are not over the same items, or share no metric.
    """
    settings = Settings(resamples, seed, confidence, test, allow)
    a, b = (side if isinstance(side, Entrant) else Entrant((side,)) for side in (first, second))
    return judged(Joined(a, b, allow), metrics=metrics, settings=settings)


def judged(joined: Joined, *, metrics: Sequence[str] = (), settings: Settings) -> list[Difference]:
    """Return what every common metric says of two entrants.

    Raises
    ------
    UserError
        They share no metric, or none that has a value for an item in both.
    """
    first = joined.first.first
    tables = [table for table in map(joined.tables, common_metrics(joined, metrics)) if table.is_defined.any()]
    if not tables:
        raise UserError(shown(first.folder), "no metric has a value for an item in both runs", "metrics with values")
    draws = replicates(tables, settings)
    rows = []
    for table, (of_first, of_second) in zip(tables, draws, strict=True):
        row = _difference(table, of_first, of_second, settings)
        rows.append(replace(row, task=joined.first.task, seeds=_spread(joined, table)))
    return rows


def common_metrics(joined: Joined, wanted: Sequence[str] = ()) -> list[str]:
    """Return the metrics of both sides, or those that are wanted, in the order of the first side.

    Raises
    ------
    UserError
        One that is wanted is not in every run, or there is none in common.
    """
    runs = [*joined.first.runs, *joined.second.runs]
    common = [name for name in runs[0].result["metrics"] if all(name in run.result["metrics"] for run in runs)]
    if not common:
        titles = f"{joined.first.title} and {joined.second.title}"
        raise UserError("", f"{titles} have no metric in common", "runs that were judged alike")
    names = {name: naming.named(name, common) for name in wanted}
    for name, known in names.items():
        if known is None:
            raise unknown_name("--metric", "metric", name, common, listed_by=f"in common: {', '.join(common)}")
    return [name for name in common if not names or name in names.values()]


def replicates(tables: Sequence[Tables], settings: Settings) -> list[tuple[DoubleArray, DoubleArray]]:
    """Return each metric of the same resamples of either side, (B,), its mean over a side's seeds."""
    alike: dict[Any, list[int]] = {}
    every = [[Table.of(t.metric, part, t.clusters) for part in (*t.first, *t.second)] for t in tables]
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
    groups = None if tables.clusters is None else len(sizes_of(tables.clusters))
    drawn = [f"B={len(first)}", f"seed={settings.seed}", *([] if groups is None else [f"clusters={groups}"])]
    row = Difference(
        "", metric.name, metric.unit, metric.better, before, after, after - before, low, high, test.p, test.name, n,
        tables.left_out, undefined=tables.undefined, n_clusters=groups, method=f"bootstrap({', '.join(drawn)})",
        resamples=len(first), seed=settings.seed, confidence=settings.confidence,
    )  # fmt: skip
    if tables.first[0].shape[1] > 1:
        return row
    gains = np.subtract(*tables.values[::-1]) * (1 if metric.better == "higher" else -1)
    wins, losses = int((gains > 0).sum()), int((gains < 0).sum())
    return replace(row, wins=wins, ties=n - wins - losses, losses=losses)


def _spread(joined: Joined, tables: Tables) -> SeedSpread | None:
    if len(tables.first) == len(tables.second) == 1:
        return None
    first, second = values_of(tables)
    is_paired = are_seed_by_seed(joined.first, joined.second)
    paired = tuple(b - a for a, b in zip(first, second, strict=True)) if is_paired else ()
    return SeedSpread(tuple(first), tuple(second), paired)
