"""Runs that failed, as the table and the error lines name them: one row each, no message without the runs it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zsbench.core.errors import UserError, UserErrors

if TYPE_CHECKING:
    from zsbench.engine.local import Outcome

# More runs than this are counted instead of named.
_NAMED = 3


def row(outcome: Outcome) -> dict[str, Any]:
    """Return what the table needs of a run without a result."""
    job = outcome.job
    score = {"value": None, "low": None, "high": None, "unit": "", "n": 0}
    return {
        "task": job.task_name,
        "synthetic": job.task.synthetic,
        "model": job.model_name,
        "method": job.method.title,
        "metrics": {"": score},
        "failed": True,
        "config": job.config(),
    }


def distinct(outcomes: Sequence[Outcome]) -> list[UserError]:
    """Return each distinct error once, with the runs that it ended where there were others than one run."""
    ended: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.error is not None:
            ended.setdefault(str(outcome.error), []).append(outcome)
    return [_naming(of_error, alone=len(outcomes) == 1) for of_error in ended.values()]


def _naming(ended: Sequence[Outcome], *, alone: bool) -> UserError:
    titles = list(dict.fromkeys(outcome.job.title for outcome in ended))
    error = ended[0].error
    assert error is not None
    if alone or isinstance(error, UserErrors) or str(error).startswith(titles[0]):
        return error
    more = f" and {len(titles) - _NAMED} more runs" if len(titles) > _NAMED else ""
    error.hint = "; ".join(filter(None, [error.hint, f"in {', '.join(titles[:_NAMED])}{more}"]))
    return error
