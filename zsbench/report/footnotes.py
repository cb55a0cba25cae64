"""The lines under a pivoted table, and the marks that point to them.

*   the method's answer depends on other test items, or it uses more than the item (behind the method's name)
!   a doubt, such as a choice made on the test labels: behind the values of the metrics that it names, else behind the
    method's name
~   the interval may cover less often than it says (behind the value)
[1] where a published value stands, and why the measured one may differ
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zsbench.report.entries import Entry
from zsbench.report.tables import notes, percent


def behind(entry: Entry, *, names_methods: bool) -> str:
    """Return the marks behind a value.

    Parameters
    ----------
    names_methods : whether the table has methods' names, which carry doubts about a whole run.
    """
    doubted = entry.is_doubted if names_methods else bool(entry.row.warning)
    return "!" * doubted + "~" * bool(entry.row.note and entry.row.low is not None)


def units(table: Sequence[Entry]) -> list[str]:
    """Return in which units the values of each metric are, where they have any."""
    metrics: dict[str, dict[str, None]] = {}
    for entry in table:
        metrics.setdefault(entry.row.unit, {})[entry.row.metric] = None
    if set(metrics) == {"%"}:
        return ["values in %"]
    parts = [f"{', '.join(names)} in {unit}" for unit, names in metrics.items() if unit]
    return ["; ".join(parts)] if parts else []


def intervals(table: Sequence[Entry]) -> list[str]:
    """Return how sure the intervals are and how they were made."""
    levels: dict[tuple[float, str], dict[str, None]] = {}
    for entry in table:
        if entry.row.low is not None and not entry.members:
            levels.setdefault((entry.row.confidence, entry.row.interval), {})[entry.row.metric] = None
    lines = []
    for level in sorted({level for level, _ in levels}):
        ways = {way: names for (other, way), names in levels.items() if other == level and way}
        said = "; ".join(f"{way} for {', '.join(names)}" if len(ways) > 1 else way for way, names in ways.items())
        lines.append(f"{percent(level)} intervals" + (f": {said}" if said else ""))
    return lines


def averages(table: Sequence[Entry]) -> list[str]:
    """Return the members of each average."""
    lines: dict[str, None] = {}
    for entry in table:
        if entry.members:
            kind = entry.run.result["config"]["average"].get("kind", "mean")
            what = "harmonic mean" if kind == "harmonic" else "mean"
            lines[f"{entry.row.task}: {what} of {', '.join(entry.members)}"] = None
    return list(lines)


def of_rows(table: Sequence[Entry]) -> list[str]:
    """Return protocols, counts, what methods use, doubts about numbers and intervals, as under every table."""
    return notes([entry.row for entry in table if not entry.members])


def sources(table: Iterable[Entry]) -> dict[int, str]:
    """Return the marks of published values by the `id` of their entries: one a source and reason."""
    numbers: dict[str, int] = {}
    marks = {}
    for entry in table:
        if entry.row.published is not None and entry.published is not None:
            marks[id(entry)] = f"[{numbers.setdefault(_source(entry), len(numbers) + 1)}]"
    return marks


def published(table: Sequence[Entry], marks: Mapping[int, str]) -> list[str]:
    """Return for each mark where the values stand, whether they were looked up there, and the declared reason."""
    return list(dict.fromkeys(f"{marks[id(entry)]} {_source(entry)}" for entry in table if id(entry) in marks))


def costs(table: Sequence[Entry], names: Sequence[str]) -> list[str]:
    """Return what costs are the sum of."""
    runs = {id(entry.run) for entry in table if entry.measured and not entry.run.is_average}
    return [f"cost: of all runs of a row together ({len(runs)} in the table)"] if names and runs else []


def _source(entry: Entry) -> str:
    value = entry.published
    looked_up = "" if value.verified else ", not looked up in its source"
    return f"{value.source}{looked_up}" + (f"; {value.reason}" if value.reason else "")
