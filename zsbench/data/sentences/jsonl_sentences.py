"""Sentences as JSONL: {"id", "tokens" or "text", "spans": [[start, end, label], ...]}, by words or by characters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.textfiles import short
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.item_ids import read_id
from zsbench.data.sentences.borders import Borders, Placer, Splitter, split
from zsbench.data.sentences.json_spans import Offsets, SpanReader
from zsbench.data.sentences.sentence import Sentence, SentenceSet

_DOCUMENT = ("cluster", "document", "document_id", "doc_id", "doc")


@source(gives="sentences")
@companions(("borders", "offsets", "characters"))
def jsonl_sentences(
    *,
    path: LocalPath,
    offsets: Offsets = "words",
    borders: Borders = "error",
    splitter: Splitter = "blanks",
    cluster: Text | None = None,
) -> SentenceSet:
    """Read a JSONL file; a sentence without `id` is named by its number in the file, from 0.

    A line has the words (`tokens`), the text that they are from (`text`), or both; a text without words is split. A
    span is [start, end, label] or {"start", "end", "label"}; a score behind it is not looked at.

    Parameters
    ----------
    path : the file, plain or .gz.
    offsets : what starts and ends count: words, ends inclusive, or characters of the text (of the words joined by
        blanks where there is none), ends exclusive.
    borders : what a span of characters is whose borders are no words': an error, snapped to the words that it touches
        and counted, or unmatchable as in GLiNER's benchmark, gold that no prediction equals, counted.
    splitter : how a text is split into words: at blanks, or as GLiNER does, into `\\w+(?:[-_]\\w+)*|\\S`.
    cluster : key that names a sentence's document, by default the first of `cluster`, `document`, `document_id`,
        `doc_id` and `doc` that there is.

    Raises
    ------
    UserError
        With file, line and sentence: not JSON, a key is missing, words that are not in their text, a span that leaves
        its sentence or has borders that are an error, a `splitter` that splits nothing, or a sentence names no
        document among others that name one.
    """
    items: list[Sentence] = []
    gold: list[list[Any]] = []
    named: list[tuple[str, dict[str, Any]]] = []
    file, reader = Path(path), SpanReader(offsets, Placer(borders))
    is_split = False
    for number, row in jsonfiles.lines(file, {"spans": list}):
        where = f"{shown(file)}:{number}"
        is_split |= row.get("tokens") is None
        items.append(sentence_of(row, read_id(row, where, default=str(len(items))), where, splitter))
        gold.append([reader.gold(span, items[-1], where) for span in row["spans"]])
        named.append((where, clusters.named(row, cluster, _DOCUMENT)))
    if items and not is_split and splitter != "blanks":
        raise UserError(shown(file), f"`splitter: {splitter}`, and every line has `tokens`", "lines with `text` alone")
    of_rows = clusters.of_rows(named, cluster, keys=_DOCUMENT)
    return SentenceSet(items, gold, of_rows, reader.placer.counts or None, [where for where, _ in named])


def sentence_of(
    row: dict[str, Any],
    key: str,
    where: str,
    splitter: Splitter = "blanks",
    *,
    called: tuple[str, str] = ("tokens", "text"),
) -> Sentence:
    """Return the sentence of a JSON row, from its `tokens`, its `text`, or both.

    Parameters
    ----------
    row : the two keys.
    key, where : the sentence's id, and its place for messages.
    splitter : how a text without words is split.
    called : what the file calls the two keys, for messages.

    Raises
    ------
    UserError
        It has neither, no word, something that is no text, or words that do not follow each other in the text.
    """
    words, text = row.get("tokens"), row.get("text")
    if not isinstance(text, str | None):
        raise UserError(where, f"sentence {key}: key '{called[1]}' is {text!r}", "a text")
    if words is None and text is not None:
        words = list(split(text, splitter))
        if not words:
            raise UserError(
                where, f"sentence {key}: key '{called[1]}' is {text!r}, without a word", "at least one word"
            )
    if words is None:
        raise UserError(where, "keys 'tokens' and 'text' are missing", "one of them, or both")
    if not isinstance(words, list) or not words:
        raise UserError(where, f"sentence {key}: key '{called[0]}' is {short(words)}", "a list of words, at least one")
    for number, word in enumerate(words):
        if not isinstance(word, str) or not word.strip():
            raise UserError(where, f"sentence {key}: word {number} of key '{called[0]}' is {short(word)}", "a text")
    sentence = Sentence(key, tuple(words), text)
    try:
        _ = text is None or sentence.places()
    except ValueError:
        raise UserError(where, f"sentence {key}: words that are not in its text, in their order", "its own") from None
    return sentence
