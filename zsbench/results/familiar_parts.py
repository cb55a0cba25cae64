"""The familiarity of an average: the mean over its tasks, where all of them measured it alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zsbench.metrics.correlation import pearson, spearman

_HOW = ("k", "weighting", "short", "embedder")
_UNDEFINED = {"pearson": None, "spearman": None}


def notes(parts: Sequence[Mapping[str, Any]], values: Sequence[float | None]) -> dict[str, Any]:
    """Return `{"familiarity": ...}` for an average's notes: the mean, and its correlation with the tasks' values.

    Empty where a task has none, or where one was measured otherwise or against other training labels.
    """
    found = [part.get("notes", {}).get("familiarity") for part in parts]
    if not all(isinstance(each, dict) for each in found) or len({_how(each) for each in found}) != 1:
        return {}
    macro = [float(each["macro"]) for each in found]
    known = [value for value in values if value is not None]
    whole = len(known) == len(macro)
    correlations = {"pearson": pearson(macro, known), "spearman": spearman(macro, known)} if whole else _UNDEFINED
    how = {key: found[0][key] for key in _HOW}
    mean = sum(macro) / len(macro)
    return {
        "familiarity": {"macro": mean, "n_tasks": len(macro), **correlations, **how, "training": found[0]["training"]}
    }


def _how(found: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*(found[key] for key in _HOW), *found["training"].values())
