"""Whether a task's metrics suit its gold, asked of one item before anything is encoded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config import catalog
from zsbench.config.schema import TaskConfig
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.score_kinds import ScoreKind
from zsbench.metrics import naming

_OF_SEVERAL = "[mAP, ROC-AUC, label-F1]"


def want_probabilities(metrics: Sequence[str]) -> bool:
    """Say whether a metric is of certainty, which takes probabilities and so has to know what scores are."""
    return bool(catalog.metrics(("certainty",)).keys() & {name.partition("(")[0] for name in metrics})


def require_kind(kind: ScoreKind | None, pred: Any) -> None:
    """Refuse scores (n_items, n_classes) of which nothing says what they are, where metrics take probabilities."""
    if kind is None and np.ndim(pred) > 1:
        found = "scores of a file that does not say what they are, for metrics that need probabilities"
        raise UserError("", found, "a column named `logits` or `probabilities`")


def require_suited(config: TaskConfig, names: Sequence[str], kinds: tuple[str, ...], pred: Any, gold: Any) -> None:
    """Refuse metrics that cannot judge one prediction.

    Those that a task brings by default are left out later where a few of them do not suit, so that it takes all of
    them to refuse.

    Parameters
    ----------
    config : of the task.
    names : its metrics, as `metric_names` spells them out.
    kinds : the kinds of metrics that the task's type takes.
    pred, gold : one item, (1, n_classes) and what `chunks` yields beside it.

    Raises
    ------
    UserError
        With the metric's place and, where items have several labels, metrics that suit.
    """
    by_default, failed = "metrics" not in config.model_fields_set, dict[str, str]()
    several = np.ndim(np.asarray(gold)) > 1
    for name in names:
        try:
            naming.resolve(name, kinds=kinds).statistics(pred, gold)
        except ValueError as error:
            failed[name] = str(error)
    if not failed or (by_default and len(failed) < len(names)):
        return
    name, reason = next(iter(failed.items()))
    number = next((i for i, written in enumerate(config.metrics) if written == name), 0)
    where = config.document.where(("data",) if by_default else ("metrics", number))
    if several:
        found = f"metric '{name}' for items of several labels"
        raise UserError(where, found, f"metrics of several labels: `metrics: {_OF_SEVERAL}`")
    raise UserError(where, f"metric '{name}': {reason}")
