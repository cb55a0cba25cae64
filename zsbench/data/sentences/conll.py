"""CoNLL files: a word and its BIO tag a line, blank lines between sentences."""

from __future__ import annotations

import bisect
import re
from pathlib import Path

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import Count, LocalPath
from zsbench.core import textfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.sentences.sentence import Sentence, SentenceSet, bio_spans

Row = tuple[int, list[str]]
"""Line number and fields."""

_DOCUMENT = re.compile(r"-DOCSTART-|#\s*newdoc\b|#begin document\b")
"""What begins a document: CoNLL-2003's line, the comments of CoNLL-U and of CoNLL-2012."""


@source(gives="sentences")
@companions(different=("word_column", "tag_column"))
def conll(*, path: LocalPath, word_column: Count | None = None, tag_column: Count | None = None) -> SentenceSet:
    """Read columns parted by tabs (where the first line has any) or blanks.

    Sentences are named by their number in the file, from 0. Tags are read as conlleval does: an I- without B- opens a
    span. The last sentence needs no blank line; -DOCSTART- lines end one. A line that begins with # and has another
    number of columns than the words is a comment. Where -DOCSTART- lines (or the comments `# newdoc`, `#begin
    document`) part the file, the sentences between two of them are of one document.

    Parameters
    ----------
    word_column : where the word stands, from 1. Default: the first column, or the second where the first counts the
        words of every sentence, as in CoNLL-U.
    tag_column : where the tag stands, from 1; default the last one.

    Raises
    ------
    UserError
        A line with another number of columns, an empty word, or a tag that is no BIO/IOBES tag; with file and line.
    """
    sentences, documents = _sentences(Path(path))
    width = len(sentences[0][0][1]) if sentences else 0
    word = word_column or (2 if width > 2 and _are_numbered(sentences) else 1)
    tag = tag_column or width
    for name, column in (("word_column", word), ("tag_column", tag)):
        if column > width and sentences:
            raise UserError(shown(Path(path)), f"{name} {column} of {width} columns", f"1 to {width}")
    items = [Sentence(str(i), tuple(_word(row, word, path) for row in rows)) for i, rows in enumerate(sentences)]
    spans = [bio_spans([_tag(row, tag, path) for row in rows]) for rows in sentences]
    return SentenceSet(items, spans, documents if len(set(documents)) > 1 else None)


def _sentences(path: Path) -> tuple[list[list[Row]], list[str]]:
    """Return the rows of every sentence, all of one width, and the number of its document.

    Raises
    ------
    UserError
        A row of another width that is no comment, or rows of one column.
    """
    sentences: list[list[Row]] = [[]]
    starts: list[int] = []
    tabs: bool | None = None
    for number, line in textfiles.lines(path):
        line = line.rstrip(textfiles.BLANKS)
        if not line or line.startswith("-DOCSTART-"):
            starts += [number] if line else []
            sentences.append([])
            continue
        tabs = "\t" in line if tabs is None else tabs
        sentences[-1].append((number, textfiles.cells(line) if tabs else textfiles.words(line)))
    every = [fields for rows in sentences for _, fields in rows]
    width = next((len(fields) for fields in every if not fields[0].startswith("#")), len(every[0]) if every else 0)
    for rows in sentences:
        comments = [row for row in rows if len(row[1]) != width and row[1][0].startswith("#")]
        starts += [number for number, fields in comments if _DOCUMENT.match(" ".join(fields))]
        rows[:] = [row for row in rows if row not in comments] if comments else rows
        for number, fields in rows:
            if len(fields) < 2 or len(fields) != width:
                found = f"one column ('{fields[0]}')" if len(fields) == 1 else f"{len(fields)} columns"
                expected = f"{width} columns, as before" if width > 1 else "a word and a tag"
                raise UserError(f"{shown(path)}:{number}", found, expected + ", parted by tabs" * bool(tabs))
    sentences = [rows for rows in sentences if rows]
    return sentences, _documents([rows[0][0] for rows in sentences], starts)


def _documents(sentences: list[int], starts: list[int]) -> list[str]:
    """Return the number of each sentence's document, from the lines at which sentences and documents start."""
    ordered = sorted(starts)
    return [str(bisect.bisect(ordered, line)) for line in sentences]


def _are_numbered(sentences: list[list[Row]]) -> bool:
    """Return whether the first column counts the words of every sentence, from 0 or 1, and so holds no word."""
    first = [[fields[0] for _, fields in rows] for rows in sentences]
    counts = any(len(column) > 1 for column in first)
    return counts and any(
        all(column == [str(start + i) for i in range(len(column))] for column in first) for start in (0, 1)
    )


def _word(row: Row, column: int, path: str) -> str:
    number, fields = row
    if not fields[column - 1]:
        raise UserError(f"{shown(Path(path))}:{number}", "an empty word", "a word and a tag")
    return fields[column - 1]


def _tag(row: Row, column: int, path: str) -> str:
    number, fields = row
    tag = fields[column - 1]
    prefix, kind = tag[:1], tag[1:]
    whole = not kind if prefix == "O" else prefix in tuple("BISE") and (not kind or (kind[0] == "-" and len(kind) > 1))
    if not whole:
        raise UserError(f"{shown(Path(path))}:{number}", f"tag '{tag}'", "O, B-type, I-type (or IOBES)")
    return tag
