"""Sentences in columns: which lines are words, which part sentences, which begin a document, which are comments."""

from __future__ import annotations

import bisect
import re
from pathlib import Path

from zsbench.core import textfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown

Row = tuple[int, list[str]]
"""Line number and fields."""

_DOCUMENT = re.compile(r"-DOCSTART-|#\s*newdoc\b|#begin document\b")
"""What begins a document: CoNLL-2003's line, the comments of CoNLL-U and of CoNLL-2012."""


def sentences(path: Path, separator: str | None) -> tuple[list[list[Row]], list[str]]:
    """Return the rows of every sentence, all of one width, and the number of its document.

    Parameters
    ----------
    path : the file.
    separator : what stands between columns; a blank stands for any run of blanks. None: tabs where the first line has
        any, else blanks.

    Raises
    ------
    UserError
        A row of another width that is no comment, or rows of one column.
    """
    found: list[list[Row]] = [[]]
    starts: list[int] = []
    for number, line in textfiles.lines(path):
        line = line.rstrip(textfiles.BLANKS)
        if not line or line.startswith("-DOCSTART-"):
            starts += [number] if line else []
            found.append([])
            continue
        separator = separator or ("\t" if "\t" in line else " ")
        found[-1].append((number, _fields(line, separator)))
    every = [fields for rows in found for _, fields in rows]
    width = next((len(fields) for fields in every if not fields[0].startswith("#")), len(every[0]) if every else 0)
    for rows in found:
        comments = [row for row in rows if len(row[1]) != width and row[1][0].startswith("#")]
        starts += [number for number, fields in comments if _DOCUMENT.match(" ".join(fields))]
        rows[:] = [row for row in rows if row not in comments] if comments else rows
        for number, fields in rows:
            if len(fields) < 2 or len(fields) != width:
                raise _uneven(f"{shown(path)}:{number}", fields, width, separator or " ")
    found = [rows for rows in found if rows]
    return found, _documents([rows[0][0] for rows in found], starts)


def are_numbered(found: list[list[Row]]) -> bool:
    """Return whether the first column counts the words of every sentence, from 0 or 1, and so holds no word."""
    first = [[fields[0] for _, fields in rows] for rows in found]
    counts = any(len(column) > 1 for column in first)
    return counts and any(
        all(column == [str(start + i) for i in range(len(column))] for column in first) for start in (0, 1)
    )


def _fields(line: str, separator: str) -> list[str]:
    if separator.strip(textfiles.BLANKS):
        return [cell.strip(textfiles.BLANKS) for cell in line.split(separator)]
    return textfiles.cells(line) if "\t" in separator else textfiles.words(line)


def _uneven(where: str, fields: list[str], width: int, separator: str) -> UserError:
    """Return the error of a row of one column, or of another number than the rows before it."""
    found = f"one column ('{fields[0]}')" if len(fields) == 1 else f"{len(fields)} columns"
    expected = f"{width} columns, as before" if width > 1 else "a word and a tag"
    parted = {" ": "", "\t": ", parted by tabs"}.get(separator, f", parted by {separator!r}")
    return UserError(where, found, expected + parted)


def _documents(lines: list[int], starts: list[int]) -> list[str]:
    """Return the number of each sentence's document, from the lines at which sentences and documents start."""
    ordered = sorted(starts)
    return [str(bisect.bisect(ordered, line)) for line in lines]
