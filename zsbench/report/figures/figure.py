"""What a figure shows, as plain data: `zsbench plot` draws it into a file, a page draws it with a script of its own.

Values, ends of intervals and thresholds are as results have them: shares are 0-1 where the unit is `%`, and percent
when they are drawn. Names are on one line and without control characters; whoever writes them escapes them for the
format. Nothing undefined is in a series: what is left out is named in the notes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["bars", "pareto", "curve", "classes", "frequency"]
Scale = Literal["categories", "linear", "log"]
Mark = Literal["", "best", "front", "end"]


@dataclass(frozen=True)
class Point:
    """One value with its interval.

    Attributes
    ----------
    x : where it stands: a number, or on a scale of categories the category's name.
    y : the value.
    low, high : its interval, None where there is none.
    label : what the value is of, in full: `clip-glyphs / prompt-ensemble`.
    mark : `best` of its figure, on the Pareto `front`, or no value but the `end` of a line through the others.
    note : why its interval may cover the truth less often than it says, empty where nothing is known against it.
    """

    x: float | str
    y: float
    low: float | None = None
    high: float | None = None
    label: str = ""
    mark: Mark = ""
    note: str = ""


@dataclass(frozen=True)
class Series:
    """Points that belong together: one colour, one line. `muted` are baselines, what needs no model."""

    name: str
    points: tuple[Point, ...]
    muted: bool = False


@dataclass(frozen=True)
class Level:
    """A value that has no place on the x axis and is true of all of it: a horizontal line, such as a baseline's."""

    name: str
    y: float


@dataclass(frozen=True)
class Figure:
    """One diagram.

    Attributes
    ----------
    kind : how it is drawn.
    title : the task, with what tells it from others of its name.
    x, y : titles of the axes; y is the metric's name. Bars lie on their side: their categories stand at the left.
    unit : of y; `%` of shares 0-1.
    better : whether `higher` or `lower` values are better.
    series : in the order of the legend.
    scale : of the x axis.
    levels : horizontal lines.
    confidence : of the intervals, None where they are of several levels.
    notes : what is left out and why, and what a reader must know.
    """

    kind: Kind
    title: str
    x: str
    y: str
    unit: str
    better: str
    series: tuple[Series, ...]
    scale: Scale = "categories"
    levels: tuple[Level, ...] = ()
    confidence: float | None = 0.95
    notes: tuple[str, ...] = ()


def as_json(figure: Figure) -> dict[str, Any]:
    """Return a figure for a program: dicts, lists, texts, finite numbers and None.

    Examples
    --------
    >>> bar = Point("icr", 0.87, 0.85, 0.89, label="lm-synonyms / icr", mark="best")
    >>> figure = Figure("bars", "synonyms", "", "nDCG@10", "%", "higher", (Series("lm-synonyms", (bar,)),))
    >>> as_json(figure)["series"][0]["points"][0]["y"]
    0.87
    """
    written = asdict(figure)
    written["series"] = [{**series, "points": list(series["points"])} for series in written["series"]]
    return {**written, "levels": list(written["levels"]), "notes": list(written["notes"])}
