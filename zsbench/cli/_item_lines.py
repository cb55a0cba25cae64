"""One item of a comparison on a terminal: what both runs scored on it, and what they predicted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zsbench.report.plain import one_line

if TYPE_CHECKING:
    from zsbench.analysis.comparison.items import ItemValues
    from zsbench.analysis.comparison.joined import Joined


def heading(joined: Joined, values: ItemValues, side: str | None, count: int) -> str:
    """Return what stands above the items."""
    name = values.metric.name
    of = f"{joined.first.task}, {joined.first.title} -> {joined.second.title}: "
    what = {
        "value": name,
        "right": f"{name}, whether an item is right (1) or wrong (0)",
        "influence": f"influence of an item on {name} (all items minus all others)",
    }[values.kind]
    if side is None:
        return f"{of}{what}, the items that changed most:"
    items = f"{count} item" if count == 1 else f"{count} items"
    winner, loser = ("first", "second") if side == "first" else ("second", "first")
    if values.is_right_or_wrong:
        return f"{of}{name}, {items} that the {winner} run gets right and the {loser} wrong:"
    return f"{of}{what}, {items} on which the {winner} run is better:"


def lines(joined: Joined, values: ItemValues, row: int, width: int) -> Iterator[str]:
    """Yield an item on one line where it fits, else with its gold and predictions on lines of their own."""
    digits = 4 if values.is_influence else 3
    key = one_line(str(joined.ids[row]))
    scores = f"  {key}  {values.first[row]:.{digits}f} -> {values.second[row]:.{digits}f}"
    gold = joined.column("gold")[0]
    first, second = (one_line(str(texts[row])) for texts in joined.column("prediction"))
    said = "" if gold is None else f"  gold {one_line(str(gold[row]))}"
    short = f"{scores}{said}  {first} -> {second}"
    if len(short) <= width:
        yield short
        return
    yield scores
    named = [] if gold is None else [("gold", one_line(str(gold[row])))]
    for name, text in (*named, ("first", first), ("second", second)):
        yield _cut(f"    {name + ':':<8}{text}", width)


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(width - 1, 1)] + "…"
