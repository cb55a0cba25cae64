"""Judgements (qrels) and runs from text, in TREC's and BEIR's columns, plain or packed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from zsbench.core import textfiles
from zsbench.core.errors import UserError, shown
from zsbench.core.textfiles import short
from zsbench.core.words import number_of
from zsbench.data.collections.run_columns import read_columns

Qrels = dict[str, dict[str, int]]
Run = Mapping[str, Mapping[str, float]]

LARGEST_GRADE = 1_000_000_000
"""Anything beyond, in either direction, is no grade but an id or a time in the wrong column."""

_QRELS = "`qid 0 docid grade` or `query-id corpus-id score`"
_RUN = "`qid Q0 docid rank score tag`"


def read_qrels(path: Path) -> Qrels:
    """Read judgements: TREC (`qid 0 docid grade`) or BEIR (`query-id corpus-id score`, with a header).

    Ids may hold blanks where tabs part the columns.

    Raises
    ------
    UserError
        A line has other columns than the first, an id is empty, a grade is no whole number or absurdly large, a pair is
        judged twice, nothing is judged.
    """
    qrels: Qrels = {}
    width, query, document, grade = 0, 0, -2, -1
    for number, parts in textfiles.fields(path, (3, 4), _QRELS):
        if not width:
            width = len(parts)
            if {"query-id", "corpus-id", "score"} <= set(parts):
                query, document, grade = map(parts.index, ("query-id", "corpus-id", "score"))
                continue
            if parts[-1] == "score":
                continue
        if len(parts) != width:
            raise UserError(
                f"{shown(path)}:{number}",
                number_of(len(parts), "column"),
                f"{width} as in the first line, {_QRELS}",
            )
        row = qrels.setdefault(parts[query], {})
        name, level = parts[document], parts[grade]
        if name in row:
            raise twice(f"{shown(path)}:{number}", f"query {parts[query]}: judged document", name)
        if not name or not parts[query]:
            raise UserError(f"{shown(path)}:{number}", "an empty id", _QRELS)
        try:
            row[name] = int(level) if level.isdecimal() and len(level) < 9 else whole_number(level)
        except ValueError:
            raise wrong_grade(f"{shown(path)}:{number}", level) from None
    if not qrels:
        raise UserError(shown(path), "no judgements")
    return qrels


def read_run(path: Path) -> Run:
    """Read a TREC run (`qid Q0 docid rank score tag`): {query: {document: score}}, both in the order of the file.

    Ids may hold blanks where tabs part the columns; the tag may be missing.

    Raises
    ------
    UserError
        A line has other columns, an id is empty, a score is not a finite number, a document stands twice, the run is
        empty.
    """
    # A pipe can be read once only.
    return (read_columns(path) if path.is_file() else None) or read_run_lines(path)


def read_run_lines(path: Path) -> Run:
    """Read any TREC run line by line; as `read_run`, which takes a plain one faster."""
    run: dict[str, dict[str, float]] = {}
    ranking: dict[str, float] = {}
    last = ""
    for number, parts in textfiles.fields(path, (5, 6), _RUN):
        query, document, rank, text = parts[0], parts[2], parts[3], parts[4]
        if query != last:
            ranking, last = run.setdefault(query, {}), query
        try:
            score = float(text)
        except ValueError:
            score = math.nan
        if document in ranking:
            raise twice(f"{shown(path)}:{number}", f"query {query}: document", document)
        if not (-math.inf < score < math.inf and rank.isdigit() and document and query) or "_" in text:
            _check_run_line(f"{shown(path)}:{number}", query, document, rank, text)
        ranking[document] = score
    if not run:
        raise UserError(shown(path), "an empty run")
    return run


def _check_run_line(where: str, query: str, document: str, rank: str, score: str) -> None:
    """Say what is wrong with a line of a run, if anything is; a rank is any number and not used."""
    if not document or not query:
        raise UserError(where, "an empty id", _RUN)
    if not _is_number(score):
        raise UserError(where, f"score {short(score)}", "a finite number")
    if not _is_number(rank):
        # An id with a blank moves all columns behind it.
        raise UserError(where, f"rank {short(rank)}", f"a number, {_RUN}")


def whole_number(text: str) -> int:
    """Return a grade: a whole number, also when it is written `2.0` or `-1`.

    Raises
    ------
    ValueError
        It is none, or lies beyond `LARGEST_GRADE`.
    """
    value = float(text)
    if not value.is_integer() or "_" in text or abs(value) > LARGEST_GRADE:
        raise ValueError(text)
    return int(value)


def wrong_grade(where: str, text: str) -> UserError:
    """Return the error for a grade that is none."""
    return UserError(where, f"grade {short(text)}", f"a whole number up to {LARGEST_GRADE:,}")


def twice(where: str, kind: str, key: str) -> UserError:
    """Return the error for an id that was there before."""
    return UserError(where, f"{kind} id '{key}' stands twice", "unique ids")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False
