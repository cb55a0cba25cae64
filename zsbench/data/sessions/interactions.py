"""A log of single interactions as a table: cut into sessions at pauses, the last of each user asked for.

Rows are sorted by time within each user (equal times keep the file's order). A pause longer than `gap` minutes begins
a new session; without `gap` every interaction is a session of its own. The last session is the target, everything
before it the history. Users are cut one by one: the histories of others may reach past a session that is asked for.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import Character, Count, LocalPath, NonNegative, Text
from zsbench.core import tablefiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.sessions.quality import Quality
from zsbench.data.sessions.session import Session, SessionSet, checked


@dataclass(frozen=True)
class _Log:
    """The rows of one user in the file's order: times, items, and the numbers of further columns."""

    times: array[float] = field(default_factory=lambda: array("d"))
    items: list[str] = field(default_factory=list)
    more: dict[str, array[float]] = field(default_factory=dict)


def _check(options: dict[str, Any]) -> None:
    if options["text"] == options["item"]:
        raise UserError("text", f"{options['text']!r} is `item:` too", "another column")


@source(gives="sessions")
@companions(("text", "items"), ("milliseconds", "gap"), different=("user", "item", "time"), check=_check)
def interactions(
    *,
    path: LocalPath,
    items: LocalPath | None = None,
    user: Text = "userId",
    item: Text = "movieId",
    time: Text = "timestamp",
    text: Text | None = None,
    delimiter: Character = ",",
    milliseconds: bool = False,
    gap: NonNegative | None = None,
    shortest_history: Count = 1,
    shortest_target: Count = 1,
    quality: Quality | None = None,
) -> SessionSet:
    """Read MovieLens' ratings.csv, or any such table with a header; the defaults are MovieLens' names.

    Parameters
    ----------
    path : the table of interactions, plain or .gz.
    items : the table of items, with the columns `item` and `text`; without it, the items of the log.
    user, item, time : columns of the log.
    text : column of the items' texts in the table of items, by default `title`.
    delimiter : between columns; `"\\t"` for tabs.
    milliseconds : times are milliseconds, not seconds.
    gap : minutes of pause that end a session.
    shortest_history, shortest_target : users with fewer items before or in the last session are left out, and counted.
    quality : users whose last session is not good by these columns are left out, and counted.

    Raises
    ------
    UserError
        A column is missing, a time or a number of `quality` is no finite number, an item stands twice among the items;
        with file and line.
    """
    file = Path(path)
    sessions, targets = [], []
    counts = dict.fromkeys(("users with too few items", "users whose last session is not of quality"), 0)
    logs, names = _read_logs(file, (user, item, time), () if quality is None else quality.columns, delimiter)
    for name, log in logs.items():
        order = sorted(range(len(log.times)), key=log.times.__getitem__)
        start = last_session([log.times[row] / (1000 if milliseconds else 1) for row in order], gap)
        if start < shortest_history or len(order) - start < shortest_target:
            counts["users with too few items"] += 1
            continue
        last = order[start:]
        if quality is not None and not quality.holds({c: [log.more[c][row] for row in last] for c in quality.columns}):
            counts["users whose last session is not of quality"] += 1
            continue
        sessions.append(Session(name, tuple(log.items[row] for row in order[:start])))
        targets.append(tuple(dict.fromkeys(log.items[row] for row in last)))
    if items is None:
        catalogue = {name: name for name in sorted(names)}
    else:
        catalogue = _read_texts(Path(items), (item, text or "title"), delimiter)
    return checked(SessionSet(sessions, targets, catalogue, {k: n for k, n in counts.items() if n}), shown(file))


def _read_logs(
    path: Path, columns: tuple[str, str, str], more: tuple[str, ...], delimiter: str
) -> tuple[dict[str, _Log], Collection[str]]:
    """Return the rows of every user, with the numbers of `more` columns, and the items of all rows."""
    logs: dict[str, _Log] = {}
    names: dict[str, str] = {}
    for number, (user, item, time, *cells) in tablefiles.rows(path, [*columns, *more], delimiter):
        where = f"{shown(path)}:{number}"
        log = logs.setdefault(user, _Log(more={name: array("d") for name in more}))
        log.times.append(_number(time, where, columns[2]))
        # An item that many users had is held once.
        log.items.append(names.setdefault(item, item))
        for name, cell in zip(more, cells, strict=True):
            log.more[name].append(_number(cell, where, name))
    return logs, names


def _number(written: str, where: str, column: str) -> float:
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(where, f"{column} '{written}'", "a finite number")
    return number


def _read_texts(path: Path, columns: tuple[str, str], delimiter: str) -> dict[str, str]:
    """Return the text of every item of a table."""
    texts: dict[str, str] = {}
    for number, (item, text) in tablefiles.rows(path, columns, delimiter):
        if item in texts:
            raise UserError(f"{shown(path)}:{number}", f"item '{item}' stands twice", "unique items")
        texts[item] = text
    return texts


def last_session(times: list[float], gap: float | None) -> int:
    """Return where the last session begins among ascending times in seconds; `gap` is in minutes."""
    if gap is None:
        return len(times) - 1
    pauses = [i for i in range(1, len(times)) if times[i] - times[i - 1] > 60 * gap]
    return pauses[-1] if pauses else 0
