"""How the rows of a comparison are called, and where their names stand."""

from __future__ import annotations

from zsbench.analysis.comparison.many import Comparison, Row
from zsbench.analysis.comparison.naming import Name

_ALPHA = 26


def letter(number: int) -> str:
    """Return a side's letter: A to Z, then AA, AB and so on."""
    return (letter(number // _ALPHA - 1) if number >= _ALPHA else "") + chr(ord("A") + number % _ALPHA)


class RowNames:
    """What the runs of a comparison are called, and where: in a column of their own, in the caption, or nowhere.

    Attributes
    ----------
    title : of the column; empty where there is none.
    caption : parts of the caption, where all rows are of the same two runs.
    """

    def __init__(self, comparison: Comparison) -> None:
        self._by, rows = comparison.by, comparison.rows
        distinct = {self.of(row) for row in rows}
        self.title, self.caption = "", []
        if self._by is not None:
            other = "model" if self._by == "method" else "method"
            self.title = other if len(distinct) > 1 else ""
            self.caption = [] if self.title else [f"{other}: {distinct.pop()}"]
        elif len(comparison.sides) > 2:
            # Sides of one run each are named by their letters' lines alone.
            self.title = "run" if any(len(names) > 1 for names in runs_of_sides(comparison)) else ""
        elif len(distinct) > 1:
            self.title = "run"
        else:
            self.caption = _caption(comparison, rows[0])

    def of(self, row: Row) -> str:
        """Return the name of a row's runs, without what its sides say."""
        texts = list(dict.fromkeys((row.first.beside(self._by), row.second.beside(self._by))))
        return " - ".join(texts)


def runs_of_sides(comparison: Comparison) -> list[list[Name]]:
    """Return the names of each side's runs."""
    names: list[dict[Name, None]] = [{} for _ in comparison.sides]
    for row in comparison.rows:
        for number, name in zip(row.sides, (row.first, row.second), strict=True):
            if not row.is_average:
                names[number][name] = None
    return [list(each) for each in names]


def _caption(comparison: Comparison, row: Row) -> list[str]:
    """Return the two runs of all rows: what they are, and where they lie if they are called the same."""
    names, titles = (row.first, row.second), [side.title for side in comparison.sides]
    if row.first.title != row.second.title:
        return [f"{side}: {name}" for side, name in zip(("first", "second"), names, strict=True)]
    texts = [f"{title} ({name.variant})" if name.variant else title for title, name in zip(titles, names, strict=True)]
    return [row.first.title, f"first: {texts[0]}", f"second: {texts[1]}"]


def side_title(comparison: Comparison, number: int) -> str:
    """Return a side's title, with the name of its run where it has one that the title does not say."""
    title, names = comparison.sides[number].title, runs_of_sides(comparison)[number]
    if len(names) != 1 or comparison.by is not None:
        return title
    [name] = names
    if title == name.title:
        return str(name)
    return f"{title} ({name.title}, {name.variant})" if name.variant else f"{title} ({name.title})"
