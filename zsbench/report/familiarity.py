"""What a result says of how familiar its labels were from training: a number beside each metric, and a line below."""

from __future__ import annotations

import re
from typing import Any

_LABEL = re.compile(r"\(.*?\blabel=(.*)\)(?:@|$)")


def of_metric(result: dict[str, Any], metric: str) -> float | None:
    """Return the familiarity of the label that a metric is about, else the mean over labels; None where there is none.

    Examples
    --------
    >>> result = {"notes": {"familiarity": {"macro": 0.5, "by_label": {"river": {"familiarity": 0.9}}}}}
    >>> [of_metric(result, name) for name in ("F1", "F1(label=river)", "F1(label=new)")]
    [0.5, 0.9, None]
    """
    found = result.get("notes", {}).get("familiarity")
    if not isinstance(found, dict):
        return None
    match = _LABEL.search(metric)
    value: float | None = found["macro"]
    if match is not None:
        value = found.get("by_label", {}).get(match[1], {}).get("familiarity")
    return value


def described(result: dict[str, Any]) -> str:
    """Return how familiarity was measured and how it goes together with the score; empty where there is none."""
    found = result.get("notes", {}).get("familiarity")
    if not isinstance(found, dict):
        return ""
    training = found["training"]
    of, by = (f"{len(found['by_label'])} labels", "F1 by label") if "by_label" in found else _tasks(found)
    effective = f", k_effective {found['k_effective']}" if "k_effective" in found else ""
    how = f"{found['weighting']}, k {found['k']}, {found['short']}{effective}; embedder {found['embedder']}"
    overlap = f"overlap {found['overlap']:.3f} with " if "overlap" in found else ""
    parts = [
        f"familiarity {found['macro']:.3f}, the mean of {of} ({how})",
        f"{overlap}{training['labels']} labels of {training['file']}, {training['mentions']} mentions",
        f"with {by}: Pearson {_shown(found['pearson'])}, Spearman {_shown(found['spearman'])}",
    ]
    return "; ".join([*parts, *filter(None, [found.get("warning", "")])])


def _tasks(found: dict[str, Any]) -> tuple[str, str]:
    return f"{found['n_tasks']} tasks", "the values by task"


def _shown(correlation: float | None) -> str:
    return "undefined" if correlation is None else f"{correlation:.2f}"
