"""The interval of what a row over tasks gained: all tasks are resampled, in both runs alike, and averaged anew.

Tasks over the same test items share their resamples, so that what they gain together is not taken for chance.
"""

from __future__ import annotations

from pathlib import Path

from zsbench.analysis.gate.baseline import Baseline, KeptRun
from zsbench.analysis.gate.kept import Ordered, PastRun
from zsbench.analysis.gate.results import Suite
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.bootstrap import percentile, resampled
from zsbench.metrics.intervals import cluster_numbers
from zsbench.results.finished_run import FinishedRun

Pair = tuple[DoubleArray, DoubleArray]


def interval(
    baseline: Baseline, path: Path, kept: KeptRun, suite: Suite, run: FinishedRun, resamples: int, seed: int
) -> tuple[float, float]:
    """Return the 95 % interval of now minus then of a row over tasks; NaN where its tasks are not all there."""
    seeds: dict[str, int] = {}
    pair = _averaged(baseline, path, kept, suite, run, "", resamples, seed, seeds)
    return (float("nan"), float("nan")) if pair is None else percentile(pair[1] - pair[0])


def _averaged(
    baseline: Baseline,
    path: Path,
    kept: KeptRun,
    suite: Suite,
    run: FinishedRun | None,
    metric: str,
    resamples: int,
    seed: int,
    seeds: dict[str, int],
) -> Pair | None:
    """Return the resampled values (B,) then and now, of a row over tasks or of one of its tasks."""
    if run is None:
        return None
    if not kept.of:
        return _of_task(baseline, path, kept, run, metric or next(iter(kept.metrics)), resamples, seed, seeds)
    average = run.result["config"]["average"]
    parts = [
        _averaged(
            baseline, path, baseline.runs[name], suite, suite.runs.get(name),
            average["metric"], resamples, seed, seeds,
        )
        for name in kept.of
    ]  # fmt: skip
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    drawn = min(len(part[0]) for part in known)
    then, now = (np.stack([part[side][:drawn] for part in known]) for side in (0, 1))
    return (_harmonic(then), _harmonic(now)) if average["kind"] == "harmonic" else (then.mean(0), now.mean(0))


def _harmonic(values: DoubleArray) -> DoubleArray:
    """Return the harmonic means of the columns of (k, B); 0 where a part is 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(len(values) / (1 / values).sum(axis=0))


def _of_task(
    baseline: Baseline, path: Path, kept: KeptRun, run: FinishedRun, name: str, resamples: int, seed: int,
    seeds: dict[str, int],
) -> Pair | None:  # fmt: skip
    if name not in kept.metrics or name not in run.result["metrics"]:
        return None
    items, metric = Ordered.of(run), run.metric(name)
    past = PastRun.of(baseline, kept, items, path)
    before, after = past.statistics(metric), run.statistics(metric)[items.rows]
    if before.shape != after.shape:
        return None
    both = ~(np.isnan(before).any(axis=1) | np.isnan(after).any(axis=1))
    if not both.any():
        return None
    clusters = None if past.clusters is None else cluster_numbers(past.clusters[both])
    own = seeds.setdefault(kept.test_fingerprint, seed + len(seeds))
    (then, now), _ = resampled(metric, [before[both], after[both]], clusters=clusters, resamples=resamples, seed=own)
    return then, now
