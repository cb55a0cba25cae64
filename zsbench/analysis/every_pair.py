"""Every two runs of a task, compared: what a report's page looks up when somebody picks two rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from zsbench.analysis.comparison import Difference, adjusted, differences
from zsbench.core.errors import UserError
from zsbench.report.tables import shown
from zsbench.results.finished_run import FinishedRun

Pair = tuple[int, int]


def pairs_of(runs: Sequence[FinishedRun]) -> list[Pair]:
    """Return the numbers of every two runs of one task; each task's first run against all others comes first."""
    of_task: dict[tuple[str, str], list[int]] = {}
    for number, run in enumerate(runs):
        if not run.is_average:
            of_task.setdefault((run.result["task"], str(run.result.get("test_fingerprint"))), []).append(number)
    placed = [(numbers.index(a), a, b) for numbers in of_task.values() for a, b in combinations(numbers, 2)]
    return [(a, b) for _, a, b in sorted(placed)]


def every_pair(
    runs: Sequence[FinishedRun],
    *,
    most: int,
    resamples: int = 10_000,
    seed: int = 0,
    tell: Callable[[str, int, int], None] = lambda *_: None,
) -> tuple[list[dict[str, Any]], int]:
    """Return the comparisons of pairs as plain values for the page, and how many pairs were left out.

    Each pair is a family of its own: p is adjusted (Holm) among its metrics, for a reader picks one pair. A pair that
    cannot be compared says why, in `refused`.

    Parameters
    ----------
    runs : in the order of the page; pairs name them by number.
    most : pairs at most, in the order of `pairs_of`.
    tell : is told (title, pairs done, pairs in all).
    """
    pairs = pairs_of(runs)
    kept = pairs[:most]
    compared = []
    for done, (a, b) in enumerate(kept):
        tell(f"comparing {runs[a].result['task']}", done, len(kept))
        try:
            rows = adjusted(differences(runs[a], runs[b], resamples=resamples, seed=seed))
            compared.append({"a": a, "b": b, "rows": [_row(row) for row in rows]})
        except UserError as error:
            compared.append({"a": a, "b": b, "rows": [], "refused": str(error)})
    return compared, len(pairs) - len(kept)


def _row(row: Difference) -> dict[str, Any]:
    """Return one metric of a pair: numbers to draw, texts to show."""
    unit = f" {row.unit}".rstrip()
    p = row.adjusted
    return {
        "metric": row.metric,
        "better": row.better,
        "first_text": shown(row.first, row.unit) + unit,
        "second_text": shown(row.second, row.unit) + unit,
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "value_text": shown(row.value, row.unit, sign=True) + unit,
        "interval_text": f"{shown(row.low, row.unit, sign=True)} – {shown(row.high, row.unit, sign=True)}",
        "p": p,
        "p_text": "" if p != p else "< 0.0001" if p < 0.0001 else f"{p:.4f}",
        "verdict": row.verdict,
        "test": row.test,
        "method": row.method,
        "confidence": row.confidence,
        "n": row.n,
        "left_out": row.left_out,
        "counts": None if row.wins is None else [row.wins, row.ties, row.losses],
    }
