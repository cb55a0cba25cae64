"""Paired tests over the items of a table's runs, for the marks of `zsbench table --mark significant --baseline ROW`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from zsbench.core.errors import UserError, unknown_name

if TYPE_CHECKING:
    from zsbench.analysis.comparison import Difference
    from zsbench.report.entries import Entry
    from zsbench.report.pivot import Significance

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Paired:
    """Differences of pairs of runs from their items, each pair compared once."""

    def __init__(self, resamples: int, seed: int) -> None:
        self.resamples, self.seed = resamples, seed
        self.known: dict[tuple[int, int, str], Difference | None] = {}

    def difference(self, first: Entry, second: Entry) -> Difference | None:
        """Return what the items say of one metric of two runs (second minus first); None for averages."""
        if first.run.is_average or second.run.is_average:
            return None
        key = id(first.run), id(second.run), first.row.metric
        if key not in self.known:
            self.known[key] = self._compared(first, second)
        return self.known[key]

    def tied(self, first: Entry, second: Entry) -> bool:
        """Say whether the interval of the paired difference holds zero; averages have no items and are never tied."""
        difference = self.difference(first, second)
        return difference is not None and difference.low <= 0 <= difference.high

    def _compared(self, first: Entry, second: Entry) -> Difference | None:
        from zsbench.analysis.comparison import differences

        rows = differences(first.run, second.run, metrics=[first.row.metric], resamples=self.resamples, seed=self.seed)
        return rows[0] if rows else None


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

    titles = list(dict.fromkeys(entry.title for entry in table if not entry.run.is_average))
    for name in baselines:
        if name not in titles:
            raise unknown_name("--baseline", "row", name, titles, listed_by=f"rows: {', '.join(titles)}")
    if len(baselines) > len(_LETTERS):
        raise UserError("--baseline", f"{len(baselines)} baselines", f"at most {len(_LETTERS)}")
    paired = Paired(resamples, seed)
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
            behind[id(entry)] = behind.get(id(entry), "") + _mark(number, verdict, len(baselines))
    notes = [*_notes(baselines, len(tests)), *([_TIES] if ties else [])]
    if notes and any(entry.run.is_average for entry in table):
        notes.append("averages have no items and are not tested")
    return Significance(paired.tied if ties else None, behind, notes)


def _pairs(table: Sequence[Entry], baseline: str) -> Iterator[tuple[Entry, Entry]]:
    """Yield (row of the baseline, other row) for each value that stands beside one of the baseline."""
    known = {_place(entry): entry for entry in table if entry.title == baseline and not entry.run.is_average}
    for entry in table:
        reference = known.get(_place(entry))
        if reference is not None and entry.title != baseline and entry.row.value is not None:
            yield reference, entry


def _place(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.names[name] for name in ("task", "metric", "suite", "seed"))


def _mark(number: int, verdict: str, n: int) -> str:
    if n == 1:
        return "†" if verdict == "better" else "‡"
    return _LETTERS[number] if verdict == "better" else f"-{_LETTERS[number]}"


_TIES = "ties: values whose paired 95 % interval of the difference to the best (or second best) holds zero"


def _notes(baselines: Sequence[str], n: int) -> list[str]:
    if not baselines:
        return []
    tested = f"paired tests over the items, p adjusted by Holm over {n} differences, at most 5 %"
    if len(baselines) == 1:
        return [f"† better, ‡ worse than {baselines[0]}: {tested}"]
    named = ", ".join(f"{_LETTERS[number]} than {name}" for number, name in enumerate(baselines))
    return [f"better {named}; with - before the letter worse: {tested}"]
