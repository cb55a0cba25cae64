"""What stands under the table of a comparison: sides, tests, what was left out, what intervals cannot promise."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zsbench.analysis.comparison.difference import Difference
from zsbench.analysis.comparison.many import Comparison, Row
from zsbench.analysis.comparison.row_names import RowNames, letter, side_title
from zsbench.core.words import number_of

CORRECTIONS = {"holm": "Holm", "fdr": "Benjamini-Hochberg"}
_LISTED = 3
"""Tasks that a doubt names; of more it says how many rows it is about."""


def notes(comparison: Comparison) -> list[str]:
    """Return the lines under the table of all differences."""
    rows = [row.difference for row in comparison.rows]
    points = (
        "Points: second minus first, in percent points"
        if all_in_points(comparison.rows)
        else "Difference: second minus first"
    )
    lines = [*_sides(comparison), f"{points}; win/tie/loss: items on which the second is better, alike, worse."]
    if any(row.is_average for row in comparison.rows):
        lines.append("Of an average, win/tie/loss are tasks.")
    draws = ", ".join(sorted({f"B={row.resamples}, seed={row.seed}" for row in rows}))
    lines.append(f"Paired tests: {'; '.join(_tests(comparison.rows))}. Intervals: paired bootstrap ({draws}).")
    of = "" if len(rows) == 1 else f" among {len(rows)} ({CORRECTIONS[comparison.correction]})"
    lines.append(f"* p{of} at most 0.05, ** at most 0.01.")
    lines += _doubts(rows)
    for row in rows:
        lines += _left_out(row)
    return list(dict.fromkeys([*lines, *comparison.notes]))


def all_in_points(rows: Sequence[Row]) -> bool:
    """Say whether all metrics are in percent, so that one word says what all differences are in."""
    return all(row.difference.unit == "%" for row in rows)


def _sides(comparison: Comparison) -> list[str]:
    """Return who the sides are, where the caption does not say it."""
    numbers = range(len(comparison.sides))
    if len(numbers) > 2:
        return [f"{letter(number)}: {side_title(comparison, number)}" for number in numbers]
    if comparison.by is None and not RowNames(comparison).title:
        return []
    return [
        f"{name}: {side_title(comparison, number)}" for name, number in zip(("first", "second"), numbers, strict=True)
    ]


def _tests(rows: Sequence[Row]) -> list[str]:
    """Return the test of each metric, and that of averages; a metric that has several names the tasks of each."""
    of_metric: dict[str, dict[str, dict[str, None]]] = {}
    for row in rows:
        each = row.difference
        name = "averages" if row.is_average else each.metric
        of_metric.setdefault(name, {}).setdefault(each.test, {})[each.task] = None
    texts = []
    for metric, tests in of_metric.items():
        several = len(tests) > 1
        said = ", ".join(f"{test} ({', '.join(tasks)})" if several else test for test, tasks in tests.items())
        texts.append(f"{metric}: {said}")
    return texts


def _doubts(rows: Sequence[Difference]) -> list[str]:
    """Return what keeps intervals from covering as often as they claim, each doubt once with where it holds.

    How skewed resamples are is a number of each row; it stands in JSON, and here where one row alone has the doubt.
    """
    of_doubt: dict[str, dict[tuple[str, str], str]] = {}
    for row in rows:
        for doubt in filter(None, row.note.split("; ")):
            of_doubt.setdefault(re.sub(r" \([^()]*\)$", "", doubt), {})[row.metric, row.task] = doubt
    lines = []
    for doubt, places in of_doubt.items():
        texts = set(places.values())
        lines.append(f"~ {_where(list(places))}: {texts.pop() if len(texts) == 1 else doubt}")
    return lines


def _where(places: Sequence[tuple[str, str]]) -> str:
    """Return metrics with their tasks, or how many rows they are."""
    of_task: dict[str, list[str]] = {}
    for metric, task in places:
        of_task.setdefault(task, []).append(metric)
    if len(of_task) > _LISTED:
        return number_of(len(places), "row")
    return "; ".join(f"{', '.join(metrics)} on {task}" for task, metrics in of_task.items())


def _left_out(row: Difference) -> list[str]:
    lines = []
    if row.left_out:
        items = number_of(row.left_out, "item")
        lines.append(f"{row.task}, {row.metric}: {items} left out, for which it is undefined in one run only")
    if row.undefined:
        lines.append(f"{row.task}, {row.metric}: undefined in both runs for {number_of(row.undefined, 'item')}")
    return lines
