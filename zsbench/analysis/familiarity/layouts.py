"""What a text file that is named as labels or as sentences really holds: a list, CoNLL columns, or a table."""

from __future__ import annotations

import re
from pathlib import Path

from zsbench.core import textfiles
from zsbench.core.errors import UserError, shown

_TAG = re.compile(r"O|[BIESLUM]-.+")
"""The last column of a CoNLL file."""
_ENDINGS = (".conll", ".bio", ".iob", ".iob2", ".bioes", ".bilou")


def labels_alone(path: Path) -> list[str]:
    """Return the lines of a text file where some are one word and none ends in a tag, an empty list otherwise."""
    if not path.is_file():
        return []
    rows = [words for _, line in textfiles.lines(path) if (words := textfiles.words(line))]
    tagged = any(len(row) > 1 and _TAG.fullmatch(row[-1]) for row in rows)
    return [] if tagged or all(len(row) > 1 for row in rows) else [" ".join(row) for row in rows]


def is_tagged(path: Path) -> bool:
    """Say whether a text file is CoNLL columns: every line has a word and a tag, and a line or the ending says so.

    `vitamin B-12` in a list of labels looks like a word with its tag, too.
    """
    if ".json" in path.suffixes or not path.is_file():
        return False
    rows = [words for _, line in textfiles.lines(path) if (words := textfiles.words(line))]
    rows = [row for row in rows if row[0] != "-DOCSTART-"]
    tagged = bool(rows) and all(len(row) > 1 and _TAG.fullmatch(row[-1]) for row in rows)
    return tagged and (path.suffix in _ENDINGS or any(row[-1] == "O" for row in rows))


def require_no_table(path: Path) -> None:
    """Refuse a table, whose rows are no labels.

    Raises
    ------
    UserError
        It is one, by its ending and a second column.
    """
    between = {".csv": ",", ".tsv": "\t"}.get(path.suffix)
    number = next((n for n, line in textfiles.lines(path) if between in line), None) if between else None
    if number is not None:
        raise UserError(f"{shown(path)}:{number}", "several columns", "one label a line, or a JSON list of labels")
