"""Semantic ids of a catalogue: read from a file, and written as text for a language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.templates import blanks, fill
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import add_unique
from zsbench.data.sessions.session import item_name


def read_ids(path: Path, names: Sequence[str], template: str) -> dict[str, str]:
    """Return the written semantic id of each item.

    Raises
    ------
    UserError
        A line without item or codes, an item twice, one of the catalogue not at all, or a template that writes
        different codes as one text.
    """
    text_of: dict[str, str] = {}
    codes_of: dict[str, list[int]] = {}
    for number, row in jsonfiles.lines(path, {"codes": list}):
        where = f"{shown(path)}:{number}"
        if not row["codes"] or not all(type(value) is int and value >= 0 for value in row["codes"]):
            raise UserError(where, f"codes {row['codes']}", "whole numbers from 0")
        text = spelled(row["codes"], template, where)
        if codes_of.setdefault(text, row["codes"]) != row["codes"]:
            both = f"codes {codes_of[text]} and {row['codes']} are both written '{text}'"
            raise UserError(where, both, "a `code:` that keeps them apart, such as `<{level}_{code}>`")
        add_unique(text_of, item_name(row, where), text, where=where, kind="item")
    missing = [name for name in names if name not in text_of]
    if missing:
        raise UserError(
            shown(path), f"no codes for {len(missing)} items (first: '{missing[0]}')", "the whole catalogue"
        )
    return {name: text_of[name] for name in names}


def spelled(codes: Sequence[int], template: str, where: str = "") -> str:
    """Return the codes of an item as text.

    Raises
    ------
    UserError
        The template asks for letters, and a code is beyond Z.
    """
    if "letter" in blanks(template) and max(codes, default=0) > 25:
        raise UserError(where, f"code {max(codes)} has no letter", "codes up to 25, or `{code}` in their wording")
    letters = [chr(ord("A") + min(code, 25)) for code in codes]
    return "".join(
        fill(template, level=level, code=code, letter=letter)
        for level, (code, letter) in enumerate(zip(codes, letters, strict=True), 1)
    )
