"""Tagged words through `datasets`: hub ids, folders of parquet or JSON, and `save_to_disk` folders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import ModelRef, Names, Revision, Text
from zsbench.core.errors import UserError
from zsbench.core.textfiles import short
from zsbench.data import clusters
from zsbench.data.hub import dataset_files, load_split, require_column
from zsbench.data.sentences._tagged import STRICT, Malformed, ReadScheme, TagReader
from zsbench.data.sentences.sentence import Sentence, SentenceSet

_EMPTY = "rows without words, left out"


@source(gives="sentences", files=dataset_files)
@companions(("malformed", "scheme", *STRICT), different=("tokens", "tags", "cluster"))
def hf_ner(
    *,
    path: ModelRef,
    split: Text = "test",
    name: Text | None = None,
    revision: Revision | None = None,
    tokens: Text = "tokens",
    tags: Text = "ner_tags",
    tag_names: Names | None = None,
    scheme: ReadScheme = "conlleval",
    malformed: Malformed = "error",
    cluster: Text | None = None,
) -> SentenceSet:
    """Read a split; tags are texts, or numbers that the column's ClassLabel feature or `tag_names` names.

    Sentences are named by their row, from 0. Data sets of the hub that are a script alone have a copy without it:
    `revision: refs/convert/parquet`.

    Parameters
    ----------
    path : hub id or local folder.
    split, name, revision : as `datasets.load_dataset` takes them. Loading scripts are never run.
    tokens, tags : the columns of words and of their tags.
    tag_names : the tags in the order of their numbers, where the column does not name them.
    scheme, malformed : how tags mark spans, and what one out of its order is under a declared scheme, as for `conll`.
    cluster : name of a column with each sentence's document, by default `cluster` where there is one.

    Raises
    ------
    UserError
        `datasets` cannot load it, a column is missing, numbers have no names, or with the row: words and tags differ in
        number, or a tag is none of the scheme's.
    """
    rows = load_split(path, split=split, name=name, revision=revision, streaming=False)
    needed, optional = clusters.column(cluster, (tokens, tags))
    names = _names(rows, path, [tokens, tags, *needed], tags, tag_names)
    reader, empty = TagReader(scheme, malformed), 0
    named: list[tuple[str, dict[str, Any]]] = []
    items, spans, places = [], [], []
    for number, row in enumerate(rows):
        where = f"{path}: split '{split}', row {number}"
        words, marks = _cells(row, tokens, tags, where)
        if not words:
            empty += 1
            continue
        items.append(Sentence(str(number), tuple(words)))
        spans.append(reader.spans(_tags(marks, names, where), str(number), partial(_place, where)))
        places.append(where)
        named.append((where, {key: row[key] for key in (*needed, *optional) if key in row}))
    of_rows = clusters.of_rows(named, cluster, noun="column")
    counts = reader.counts() | ({_EMPTY: empty} if empty else {})
    declared = sorted({tag.partition("-")[2] for tag in names or () if "-" in tag})
    return SentenceSet(items, spans, of_rows, counts or None, places, declared)


def _cells(row: dict[str, Any], tokens: str, tags: str, where: str) -> tuple[list[str], list[Any]]:
    """Return the words and the tags of a row, as many of these as of those."""
    words, marks = row[tokens], row[tags]
    if not isinstance(words, list) or not isinstance(marks, list) or len(words) != len(marks):
        raise UserError(where, f"columns '{tokens}' and '{tags}' are no lists of one length", "a tag for each word")
    if not all(isinstance(word, str) and word.strip() for word in words):
        raise UserError(where, f"column '{tokens}' is {short(words)}", "words, none of them empty")
    return words, marks


def _names(rows: Any, path: str, columns: list[str], tags: str, given: list[str] | None) -> list[str] | None:
    """Return the tags by number, or None where the column holds texts.

    Raises
    ------
    UserError
        A column is missing, names are given for a column that has its own, or numbers have none.
    """
    for column in columns:
        require_column(rows, column, path)
    feature = getattr(rows.features[tags], "feature", rows.features[tags])
    own = getattr(feature, "names", None)
    if getattr(feature, "dtype", "") == "string":
        own = []
    if own is not None and given is not None:
        raise UserError(path, f"`tag_names:` beside column '{tags}', which says its tags itself", "one of the two")
    if own is None and given is None:
        raise UserError(path, f"column '{tags}' holds numbers without names", "`tag_names:` in their order")
    return list(given or own or []) or None


def _tags(marks: Sequence[Any], names: list[str] | None, where: str) -> list[str]:
    """Return the tags of a row as texts."""
    if names is None:
        if not all(isinstance(mark, str) for mark in marks):
            raise UserError(where, "a tag that is no text", "a tag for each word")
        return list(marks)
    wrong = next((mark for mark in marks if type(mark) is not int or not 0 <= mark < len(names)), None)
    if wrong is not None:
        raise UserError(where, f"tag {wrong!r} of {len(names)}", f"0 to {len(names) - 1}")
    return [names[mark] for mark in marks]


def _place(where: str, number: int) -> str:
    return f"{where}, word {number}"
