"""Values of a retrieval under the other rule for ties: strictly better items alone stand before what is looked for."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from zsbench.core.lazy import np
from zsbench.metrics import naming
from zsbench.metrics.metric import as_table

TIED = "queries whose answer ties with other items (counted against them)"


def n_tied(parts: Iterable[tuple[Any, Any]]) -> int:
    """Return how many queries have items of the score of their first answer, which metrics count before it."""
    return sum(int((ranked.table("worst").first() > ranked.table("best").first()).sum()) for ranked, _ in parts)


def with_best(
    names: Iterable[str], kinds: tuple[str, ...], parts: list[tuple[Any, Any]]
) -> dict[str, tuple[float, str]]:
    """Return {metric: (value, unit)} of metrics that say nothing of ties, were ties counted for the query."""
    found = {}
    for name in names:
        metric = naming.resolve(name, kinds=kinds)
        written = getattr(metric.statistics, "keywords", {})
        if "ties" in written or "ties" not in inspect.signature(metric.statistics).parameters:
            continue
        rows = [as_table(metric.statistics(ranked, gold, ties="best")) for ranked, gold in parts]
        table = np.concatenate(rows)
        if not np.isnan(table).any(axis=1).all():
            found[metric.name] = (float(metric.reduce(table)), metric.unit)
    return found


def told(values: dict[str, tuple[float, str]], worst: dict[str, float]) -> str:
    """Return the values that differ under the other rule as a doubt, or an empty text."""
    other = {name: pair for name, pair in values.items() if pair[0] != worst.get(name, pair[0])}
    listed = [
        f"{name} {value * 100:.1f} %" if unit == "%" else f"{name} {value:g}" for name, (value, unit) in other.items()
    ]
    return f"ties count against the query; with ties=best: {', '.join(listed)}" if listed else ""
