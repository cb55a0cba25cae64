"""Sessions of items: what a user had before, and what came next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import add_unique


@dataclass(frozen=True)
class Session:
    """The items a user had, the oldest first."""

    id: str
    history: tuple[str, ...]


@dataclass
class SessionSet:
    """Sessions with, aligned, the items that came next, and the whole catalogue.

    Attributes
    ----------
    catalogue : the text of each item by its name, in a fixed order; empty where there is none.
    counts : what did not fit, by name.
    clusters : the user of each session, where several are of one.
    """

    items: Sequence[Session]
    targets: list[tuple[str, ...]]
    catalogue: dict[str, str]
    counts: dict[str, int] = field(default_factory=dict)
    clusters: Sequence[str] | None = None


def read_catalogue(path: Path) -> dict[str, str]:
    """Return the text of each item of a JSONL file, `{item (or _id), text}`; the text may be missing.

    Raises
    ------
    UserError
        A line without item, an item that stands twice, a text that is none, no items.
    """
    catalogue: dict[str, str] = {}
    for number, row in jsonfiles.lines(path, {}):
        where = f"{shown(path)}:{number}"
        text = row.get("text", "")
        if not isinstance(text, str):
            raise UserError(where, f"key 'text' is {text!r}", "a text")
        add_unique(catalogue, item_name(row, where), text, where=where, kind="item")
    if not catalogue:
        raise UserError(shown(path), "no items")
    return catalogue


def item_name(row: dict[str, object], where: str) -> str:
    """Return the item that a row is about, under `item` or `_id`.

    Raises
    ------
    UserError
        Neither is a text or a whole number.
    """
    name = next((row[key] for key in ("item", "_id") if isinstance(row.get(key), str | int)), None)
    if name is None or isinstance(name, bool):
        raise UserError(where, f"keys {', '.join(row) or 'none'}", "an item's name under `item` or `_id`")
    return str(name)


def checked(sessions: SessionSet, where: str) -> SessionSet:
    """Return sessions that can be judged, with what the catalogue lacks counted.

    Raises
    ------
    UserError
        No sessions, or a catalogue that holds no item of any of them.
    """
    if not sessions.items:
        raise UserError(where, "no sessions")
    catalogue = sessions.catalogue
    n_lacking = sum(item not in catalogue for target in sessions.targets for item in target)
    if n_lacking == sum(map(len, sessions.targets)):
        raise UserError(where, "no item that came next is in the catalogue", "sessions and items with the same names")
    sessions.counts |= {
        "history items not in the catalogue": sum(
            item not in catalogue for session in sessions.items for item in session.history
        ),
        "target items not in the catalogue": n_lacking,
        "sessions without history": sum(not session.history for session in sessions.items),
    }
    return sessions
