"""The one path from predictions to scores, for predictions that were just made and for those of a file.

    predictions ─▶ task.chunks (the protocol's filters) ─▶ statistics per item ─▶ reduce, interval ─▶ doubts

`zsbench eval` and `zsbench score` both end here, so a protocol key means the same to either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zsbench.core import doubts
from zsbench.core.errors import RunError
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.records import Score, TaskData
from zsbench.metrics import naming
from zsbench.metrics.metric import Metric, as_table

if TYPE_CHECKING:
    from zsbench.config.schema import Settings, TaskConfig
    from zsbench.tasks.base import BaseTask

    Statistics = dict[str, DoubleArray]


@dataclass(frozen=True)
class Judgement:
    """What judging predictions gave.

    Attributes
    ----------
    statistics : per-item statistics (n_items, n_statistics) of every metric, by name.
    scores : every metric's value and interval; a metric without defined items has NaN and n = 0.
    warning : what is so odd about the scores that the table should say it; mostly empty.
    left_out : why a metric that nobody asked for by name is absent, by metric.
    notes : what of all predictions together stands in the result's notes.
    """

    statistics: Statistics
    scores: dict[str, Score]
    warning: str = ""
    left_out: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


def judge(
    task: BaseTask[Any],
    config: TaskConfig,
    data: TaskData,
    predictions: Sequence[Any],
    settings: Settings,
    *,
    title: str,
) -> Judgement:
    """Return per-item statistics and scores of predictions, which are in the order of the items.

    A metric that the task type brings by default, and that these predictions cannot have (the best five of three
    classes), is left out with a reason; one that the config names is an error.

    Raises
    ------
    RunError
        A metric cannot be computed from these predictions.
    """
    kinds = type(task).metric_kinds
    by_default = "metrics" not in config.model_fields_set
    names = task.metric_names(config.metrics)
    resolved = {metric.name: metric for metric in (naming.resolve(name, kinds=kinds) for name in names)}
    rows: dict[str, list[Any]] = {name: [] for name in resolved}
    left_out: dict[str, str] = {}
    for pred, gold in task.chunks(data, predictions):
        for name, metric in resolved.items():
            if name in left_out:
                continue
            try:
                rows[name].append(as_table(metric.statistics(pred, gold)))
            except ValueError as error:
                if not by_default or len(left_out) == len(resolved) - 1:
                    raise RunError(title, f"{name}: {error}") from error
                left_out[name] = str(error)
    statistics = {name: _whole(parts) for name, parts in rows.items() if name not in left_out}
    scores = _scores({name: resolved[name] for name in statistics}, statistics, data.clusters, settings)
    # Doubts follow, because a summary may count what is doubtful.
    notes = task.summary(data, predictions)
    warning = doubts.joined(task.doubt(data, scores), doubts.of_items(data))
    return Judgement(statistics, scores, warning, left_out, notes)


def _whole(parts: Sequence[DoubleArray]) -> DoubleArray:
    """Return the parts of a table as one; a table in one part, which metrics may share, is not copied."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _scores(
    metrics: dict[str, Metric], statistics: Statistics, clusters: Sequence[str] | None, settings: Settings
) -> dict[str, Score]:
    """Return value and interval of every metric over its per-item statistics (n_items, n_statistics)."""
    from zsbench.metrics.intervals import Interval, intervals

    counts = {name: int((~np.isnan(table).any(axis=1)).sum()) for name, table in statistics.items()}
    defined = [name for name, n in counts.items() if n]
    ranges = intervals(
        [metrics[name] for name in defined],
        [statistics[name] for name in defined],
        clusters=clusters,
        resamples=settings.resamples,
        confidence=settings.confidence,
        seed=settings.seed,
    )
    known = dict(zip(defined, ranges, strict=True))
    nan = float("nan")
    scores = {}
    for name, metric in metrics.items():
        ends = known.get(name, Interval(nan, nan, "undefined"))
        value = metric.reduce(statistics[name]) if name in known else nan
        scores[name] = Score(
            value, ends.low, ends.high, metric.unit, counts[name], ends.method, metric.better, ends.note
        )
    return scores


def without_nan(score: dict[str, Any]) -> dict[str, Any]:
    """Return a score with null where JSON has no NaN: undefined is not zero."""
    return {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in score.items()}
