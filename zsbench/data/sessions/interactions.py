"""A log of single interactions as a table: cut into sessions at pauses, the last of each user asked for.

Rows are sorted by time within each user (equal times keep the file's order). A pause longer than `gap` minutes begins
a new session; without `gap` every interaction is a session of its own. The last session is the target, everything
before it the history. Users are cut one by one: the histories of others may reach past a session that is asked for.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import Character, Count, LocalPath, NonNegative, Text
from zsbench.core import tablefiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.sessions.session import Session, SessionSet, checked


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

    Raises
    ------
    UserError
        A column is missing, a time is no finite number, an item stands twice among the items; with file and line.
    """
    file = Path(path)
    rows: dict[str, list[tuple[float, str]]] = {}
    for number, (who, what, when) in tablefiles.rows(file, (user, item, time), delimiter):
        try:
            moment = float(when)
        except ValueError:
            moment = math.nan
        if not math.isfinite(moment):
            raise UserError(f"{shown(file)}:{number}", f"{time} '{when}'", "a finite number")
        rows.setdefault(who, []).append((moment, what))
    sessions, targets, short = [], [], 0
    for who, own in rows.items():
        own.sort(key=lambda row: row[0])
        start = last_session([when / (1000 if milliseconds else 1) for when, _ in own], gap)
        if start < shortest_history or len(own) - start < shortest_target:
            short += 1
            continue
        sessions.append(Session(who, tuple(what for _, what in own[:start])))
        targets.append(tuple(dict.fromkeys(what for _, what in own[start:])))
    if items is None:
        catalogue = {what: what for what in sorted({what for own in rows.values() for _, what in own})}
    else:
        catalogue = {}
        for number, (what, words) in tablefiles.rows(Path(items), (item, text or "title"), delimiter):
            if what in catalogue:
                raise UserError(f"{shown(Path(items))}:{number}", f"item '{what}' stands twice", "unique items")
            catalogue[what] = words
    counts = {"users with too few items": short} if short else {}
    return checked(SessionSet(sessions, targets, catalogue, counts), shown(file))


def last_session(times: list[float], gap: float | None) -> int:
    """Return where the last session begins among ascending times in seconds; `gap` is in minutes."""
    if gap is None:
        return len(times) - 1
    pauses = [i for i in range(1, len(times)) if times[i] - times[i - 1] > 60 * gap]
    return pauses[-1] if pauses else 0
