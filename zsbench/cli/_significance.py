"""Paired tests over the items of a table's runs, for the marks of `zsbench table --mark significant --baseline ROW`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from zsbench.core.errors import UserError, unknown_name

if TYPE_CHECKING:
    from zsbench.analysis.comparison import Difference
    from zsbench.analysis.comparison.sides import Side
    from zsbench.report.entries import Entry
    from zsbench.report.pivot import Significance
    from zsbench.results.finished_run import FinishedRun

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Paired:
    """Differences of pairs of runs from their items, each pair compared once; of averages from those of their tasks.

    Attributes
    ----------
    untested : averages that there is no test for, each with the reason of the first such pair.
    """

    def __init__(self, table: Sequence[Entry], resamples: int, seed: int) -> None:
        self.resamples, self.seed = resamples, seed
        self.known: dict[tuple[int, int, str], Difference | None] = {}
        self.untested: dict[str, str] = {}
        self.runs: dict[str, dict[int, FinishedRun]] = {}
        for entry in table:
            if entry.measured:
                self.runs.setdefault(entry.title, {})[id(entry.run)] = entry.run

    def difference(self, first: Entry, second: Entry) -> Difference | None:
        """Return what the items say of one metric of two runs (second minus first); None where there is no test."""
        key = id(first.run), id(second.run), first.row.metric
        if key not in self.known:
            averages = first.run.is_average or second.run.is_average
            self.known[key] = self._of_averages(first, second) if averages else self._of_tasks(first, second)
        return self.known[key]

    def tied(self, first: Entry, second: Entry) -> bool | None:
        """Say whether the interval of the paired difference holds zero; None where there is no test."""
        difference = self.difference(first, second)
        return None if difference is None else difference.low <= 0 <= difference.high

    def _of_tasks(self, first: Entry, second: Entry) -> Difference | None:
        from zsbench.analysis.comparison import differences

        rows = differences(first.run, second.run, metrics=[first.row.metric], resamples=self.resamples, seed=self.seed)
        return rows[0] if rows else None

    def _of_averages(self, first: Entry, second: Entry) -> Difference | None:
        from zsbench.analysis.comparison import Settings
        from zsbench.analysis.comparison.averages import Meeting, judged_average

        sides = self._side(first.title), self._side(second.title)
        judged = judged_average(Meeting(first.run, second.run), *sides, Settings(self.resamples, self.seed))
        if isinstance(judged, str):
            self.untested.setdefault(first.row.task, judged.partition(": ")[2] or judged)
            return None
        return judged

    def _side(self, title: str) -> Side:
        from zsbench.analysis.comparison.sides import Side

        runs = self.runs[title].values()
        return Side(title, *(tuple(run for run in runs if run.is_average is wanted) for wanted in (False, True)))


def significance(
    table: Sequence[Entry], baselines: Sequence[str], *, ties: bool, resamples: int = 10_000, seed: int = 0
) -> Significance:
    """Return which values are tied, and marks for those that differ from named rows.

    Parameters
    ----------
    baselines : rows as `MODEL / METHOD`; one has daggers, several have a letter each.
    ties : mark values alike that are tied with the best.

    Raises
    ------
    UserError
        No such row, or runs that are not over the same items.
    """
    from zsbench.analysis.comparison import adjusted
    from zsbench.report.pivot import Significance

    titles = list(dict.fromkeys(entry.title for entry in table if entry.measured))
    for name in baselines:
        if name not in titles:
            raise unknown_name("--baseline", "row", name, titles, listed_by=f"rows: {', '.join(titles)}")
    if len(baselines) > len(_LETTERS):
        raise UserError("--baseline", f"{len(baselines)} baselines", f"at most {len(_LETTERS)}")
    paired = Paired(table, resamples, seed)
    tests = [
        (entry, number, difference)
        for number, name in enumerate(baselines)
        for reference, entry in _pairs(table, name)
        if (difference := paired.difference(reference, entry)) is not None
    ]
    verdicts = [row.verdict for row in adjusted([difference for _, _, difference in tests])] if tests else []
    behind: dict[int, str] = {}
    for (entry, number, _), verdict in zip(tests, verdicts, strict=True):
        if verdict:
            before = f"{behind[id(entry)]}," if id(entry) in behind else ""
            behind[id(entry)] = before + _mark(number, verdict, len(baselines))
    notes = [*_notes(baselines, len(tests)), *([_TIES] if ties else [])]
    return Significance(paired.tied if ties else None, behind, notes, paired.untested)


def _pairs(table: Sequence[Entry], baseline: str) -> Iterator[tuple[Entry, Entry]]:
    """Yield (row of the baseline, other row) for each value that stands beside one of the baseline."""
    measured = [entry for entry in table if entry.measured]
    known = {_place(entry): entry for entry in measured if entry.title == baseline}
    for entry in measured:
        reference = known.get(_place(entry))
        if reference is not None and entry.title != baseline and entry.row.value is not None:
            yield reference, entry


def _place(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.names[name] for name in ("task", "metric", "suite", "seed"))


def _mark(number: int, verdict: str, n: int) -> str:
    dagger = "†" if verdict == "better" else "‡"
    return dagger if n == 1 else dagger + _LETTERS[number]


_TIES = "ties: values whose paired 95 % interval of the difference to the best (or second best) holds zero"


def _notes(baselines: Sequence[str], n: int) -> list[str]:
    if not baselines:
        return []
    tested = f"paired tests over the items, p adjusted by Holm over {n} differences, at most 5 %"
    if len(baselines) == 1:
        return [f"† better, ‡ worse than {baselines[0]}: {tested}"]
    named = ", ".join(f"{_LETTERS[number]}: than {name}" for number, name in enumerate(baselines))
    return [f"† better, ‡ worse, {named}: {tested}"]
