"""Sentences as JSONL: {"id", "tokens", "spans": [[start, end_inclusive, label], ...]}."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.item_ids import read_id
from zsbench.data.sentences.sentence import Mention, Sentence, SentenceSet, Span

_DOCUMENT = ("cluster", "document", "document_id", "doc_id", "doc")


@source(gives="sentences")
def jsonl_sentences(*, path: LocalPath, cluster: Text | None = None) -> SentenceSet:
    """Read a JSONL file; a sentence without `id` is named by its number in the file, from 0.

    Parameters
    ----------
    path : the file, plain or .gz.
    cluster : key that names a sentence's document, by default the first of `cluster`, `document`, `document_id`,
        `doc_id` and `doc` that there is.

    Raises
    ------
    UserError
        With file and line: not JSON, a key is missing, a span leaves its sentence, or a sentence names no document
        among others that name one.
    """
    items: list[Sentence] = []
    gold: list[list[Span]] = []
    named: list[tuple[str, dict[str, Any]]] = []
    file = Path(path)
    for number, row in jsonfiles.lines(file, {"tokens": list, "spans": list}):
        where = f"{shown(file)}:{number}"
        if not all(isinstance(word, str) for word in row["tokens"]) or not row["tokens"]:
            raise UserError(where, "key 'tokens' is not a list of words", "at least one text")
        items.append(Sentence(read_id(row, where, default=str(len(items))), tuple(row["tokens"])))
        gold.append([read_span(span, len(row["tokens"]), where) for span in row["spans"]])
        named.append((where, clusters.named(row, cluster, _DOCUMENT)))
    return SentenceSet(items, gold, clusters.of_rows(named, cluster, keys=_DOCUMENT))


def read_span(span: Any, n_words: int, where: str) -> Span:
    """Return a checked (start, end, label), the label without blanks around it.

    Raises
    ------
    UserError
        Not [start, end, label], or outside the sentence.
    """
    if not (isinstance(span, list) and len(span) == 3 and isinstance(span[2], str) and span[2].strip()):
        raise UserError(where, f"span {span!r}", "[start, end_inclusive, label]")
    start, end, label = span
    if not (type(start) is type(end) is int and 0 <= start <= end < n_words):
        raise UserError(where, f"span {span!r}", f"0 <= start <= end < {n_words} (words, end inclusive)")
    return start, end, label.strip()


def read_mention(span: Any, n_words: int, where: str) -> Mention:
    """Return a checked mention: [start, end, label], and a score and a text behind them; without borders it has a text.

    Raises
    ------
    UserError
        No such list, outside the sentence, or a score that is no number.
    """
    expected = "[start, end_inclusive, label], then a score and a text or neither"
    if not isinstance(span, list) or not 3 <= len(span) <= 5:
        raise UserError(where, f"span {span!r}", expected)
    score, text = (*span[3:], None, None)[:2]
    is_number = isinstance(score, (int, float)) and not isinstance(score, bool) and math.isfinite(score)
    if not (score is None or is_number) or not (text is None or isinstance(text, str)):
        raise UserError(where, f"span {span!r}", expected)
    if span[0] is None and span[1] is None and text is not None and isinstance(span[2], str):
        return Mention(None, None, span[2].strip(), score, text)
    return Mention(*read_span(span[:3], n_words, where), score, text)
