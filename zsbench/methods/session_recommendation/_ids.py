"""Semantic ids of a catalogue: read from a file, and written as text for a language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zsbench import jsonfiles
from zsbench.data._collection import add_unique
from zsbench.data._sessions import item_name
from zsbench.errors import UserError
from zsbench.methods.rerank._texts import fill
from zsbench.yamlio import shown


def read_ids(path: Path, names: Sequence[str], template: str) -> dict[str, str]:
    """Return the written semantic id of each item.

    Raises
    ------
    UserError
        A line without item or codes, an item twice, or one of the catalogue not at all.
    """
    found: dict[str, str] = {}
    for number, row in jsonfiles.lines(path, {"codes": list}):
        where = f"{shown(path)}:{number}"
        if not row["codes"] or not all(type(value) is int and value >= 0 for value in row["codes"]):
            raise UserError(where, f"codes {row['codes']}", "whole numbers from 0")
        add_unique(found, item_name(row, where), spelled(row["codes"], template), where=where, kind="item")
    missing = [name for name in names if name not in found]
    if missing:
        raise UserError(
            shown(path), f"no codes for {len(missing)} items (first: '{missing[0]}')", "the whole catalogue"
        )
    return {name: found[name] for name in names}


def spelled(codes: Sequence[int], template: str) -> str:
    """Return the codes of an item as text."""
    return "".join(
        fill(template, level=level, code=code, letter=chr(ord("A") + code)) for level, code in enumerate(codes, 1)
    )
