"""How an item is shown to a person: parts from top to bottom, which a report draws and a task type puts together.

A part is plain data. What takes long, a picture or a map, is a function that is called only where nobody has drawn
it before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Span = tuple[int, int, str]


@dataclass(frozen=True)
class Paragraph:
    """A text under a title."""

    title: str
    text: str


@dataclass(frozen=True)
class Spans:
    """Words with labelled spans (start, end inclusive, label): those of the gold and those predicted."""

    words: Sequence[str]
    gold: Sequence[Span]
    predicted: Sequence[Span]


@dataclass(frozen=True)
class Scores:
    """Names with their scores, best first, and whether each is right; the right ones may follow after a gap.

    `rows` are (name, score, is right, rank from 1).
    """

    title: str
    rows: Sequence[tuple[str, float, bool, int]]


@dataclass(frozen=True)
class Entry:
    """One line of a ranking: rank from 1 (None: not ranked), id, text, rank before (None: nowhere), what gold says."""

    rank: int | None
    id: str
    text: str = ""
    before: int | None = None
    gold: str = ""


@dataclass(frozen=True)
class Ranking:
    """The best of a ranking, and what of the gold is not among them; `before` names the order it started from."""

    title: str
    entries: Sequence[Entry]
    before: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers under heads of rows and columns, those that are right marked: `right` are (row, column)."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float]]
    right: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Picture:
    """An image; `open` returns it as PIL has it.

    `key`: the name under which other items and other runs show the same image (one of a gallery); without it the image
    is the item's own.
    """

    title: str
    open: Callable[[], Any]
    key: str = ""
    right: bool = False


@dataclass(frozen=True)
class Map:
    """Numbers (height, width) in colours from `low` to `high`; NaN stays empty.

    `of_prediction`: it differs from run to run.
    """

    title: str
    values: Callable[[], Any]
    low: float
    high: float
    unit: str = ""
    of_prediction: bool = False
    tone: Literal["value", "error"] = "value"


Part = Paragraph | Spans | Scores | Ranking | Table | Picture | Map


@dataclass(frozen=True)
class Drawing:
    """How one item is shown, with its gold and what a run answered.

    Attributes
    ----------
    parts : from top to bottom.
    gold, answer : both in a few words, as a list of items shows them.
    classes : what the item belongs to by its gold: its label, the labels of its spans.
    margin : how far the answer is ahead of the next one, in the unit of the run's scores; None where nothing says it.
    """

    parts: Sequence[Part]
    gold: str = ""
    answer: str = ""
    classes: Sequence[str] = ()
    margin: float | None = None


def short(text: str, most: int = 600) -> str:
    """Return a text, cut to `most` characters with a mark where it is longer.

    >>> short("A long story", 7)
    'A long …'
    """
    return text if len(text) <= most else f"{text[:most]}…"
