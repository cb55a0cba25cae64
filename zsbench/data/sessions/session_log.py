"""Sessions as JSONL, `{"user": ..., "history": [items], "target": [items]}`, with a catalogue of items beside it."""

from __future__ import annotations

from pathlib import Path

from zsbench.config.components import source
from zsbench.config.options import LocalPath
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.sessions.session import Session, SessionSet, checked, read_catalogue


@source(gives="sessions")
def session_log(*, path: LocalPath, items: LocalPath | None = None) -> SessionSet:
    """Read one session a line; a user with several has a different `id` in each, and the same `user` in all.

    Parameters
    ----------
    path : the sessions; histories have the oldest item first.
    items : JSONL `{"item": ..., "text": ...}`, the catalogue; without it, every item that occurs in the sessions.

    Raises
    ------
    UserError
        A line lacks a key, a user is no name, a name of an item is no text or whole number, a target is empty; with
        file and line.
    """
    file = Path(path)
    sessions, targets, named = [], [], []
    # An item that many users had is held once.
    names: dict[str, str] = {}
    for number, row in jsonfiles.lines(file, {"history": list, "target": list}):
        where = f"{shown(file)}:{number}"
        name = row.get("id", row.get("user"))
        if not isinstance(name, str | int):
            raise UserError(where, f"keys {', '.join(row)}", "a name under `user` (or `id`)")
        history, target = (_items(row[key], names, where) for key in ("history", "target"))
        if not target:
            raise UserError(where, "key 'target' is an empty list", "the items that came next")
        sessions.append(Session(str(name), history))
        targets.append(tuple(dict.fromkeys(target)))
        user = row.get("user")
        named.append((where, {"user": name if user is None else user}))
    catalogue = read_catalogue(Path(items)) if items else {item: item for item in sorted(names)}
    users = clusters.of_rows(named, None, keys=("user",))
    return checked(SessionSet(sessions, targets, catalogue, clusters=users), shown(file))


def _items(values: list[object], names: dict[str, str], where: str) -> tuple[str, ...]:
    """Return the items of a list as texts; `names` holds every text that was met."""
    bad = next((value for value in values if not isinstance(value, str | int) or isinstance(value, bool)), None)
    if bad is not None:
        raise UserError(where, f"item {bad!r}", "names of items: texts or whole numbers")
    return tuple(names.setdefault(text, text) for text in map(str, values))
