"""CoNLL files: a word and its tag a line, blank lines between sentences; any columns, separator and tag scheme."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import Count, LocalPath, Separator
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.sentences._columns import Row, are_numbered, sentences
from zsbench.data.sentences._tagged import STRICT, Malformed, ReadScheme, TagReader
from zsbench.data.sentences.sentence import Sentence, SentenceSet


@source(gives="sentences")
@companions(("malformed", "scheme", *STRICT), different=("word_column", "tag_column"))
def conll(
    *,
    path: LocalPath,
    word_column: Count | None = None,
    tag_column: Count | None = None,
    separator: Separator | None = None,
    scheme: ReadScheme = "conlleval",
    malformed: Malformed = "error",
) -> SentenceSet:
    """Read columns parted by tabs (where the first line has any), blanks, or what `separator` says.

    Sentences are named by their number in the file, from 0. The last sentence needs no blank line; -DOCSTART- lines end
    one. A line that begins with # and has another number of columns than the words is a comment. Where -DOCSTART- lines
    (or the comments `# newdoc`, `#begin document`) part the file, the sentences between two of them are of one
    document.

    Parameters
    ----------
    word_column : where the word stands, from 1. Default: the first column, or the second where the first counts the
        words of every sentence, as in CoNLL-U.
    tag_column : where the tag stands, from 1; default the last one.
    separator : what stands between columns; a blank stands for any run of blanks.
    scheme : how tags mark spans. `conlleval` reads IO, IOB1, IOB2, IOBES and mixtures: an I- without B- opens a span.
        A declared scheme is strict: tags that it does not allow where they stand are `malformed`.
    malformed : what such a tag is: an error with its line, or dropped, as seqeval's strict mode does, and counted.

    Raises
    ------
    UserError
        A line with another number of columns, words and tags in one column, an empty word, a tag that the scheme
        does not have or not there; with file and line.
    """
    file = Path(path)
    rows_of, documents = sentences(file, separator)
    width = len(rows_of[0][0][1]) if rows_of else 0
    word = word_column or (2 if width > 2 and are_numbered(rows_of) else 1)
    tag = tag_column or width
    for name, column in (("word_column", word), ("tag_column", tag)):
        if column > width and rows_of:
            raise UserError(shown(file), f"{name} {column} of {width} columns", f"1 to {width}")
    if word == tag and rows_of:
        found = f"word_column and tag_column are both {word} of {width} columns"
        raise UserError(shown(file), found, "two columns", "without `tag_column`, tags stand in the last")
    items = [Sentence(str(i), _words(rows, word, file)) for i, rows in enumerate(rows_of)]
    reader = TagReader(scheme, malformed)
    spans = [
        reader.spans([fields[tag - 1] for _, fields in rows], str(i), partial(_place, file, rows))
        for i, rows in enumerate(rows_of)
    ]
    places = [_place(file, rows, 0) for rows in rows_of]
    return SentenceSet(items, spans, documents if len(set(documents)) > 1 else None, reader.counts() or None, places)


def _words(rows: list[Row], column: int, file: Path) -> tuple[str, ...]:
    words = tuple(fields[column - 1] for _, fields in rows)
    if "" in words:
        raise UserError(_place(file, rows, words.index("")), "an empty word", "a word and a tag")
    return words


def _place(file: Path, rows: list[Row], number: int) -> str:
    return f"{shown(file)}:{rows[number][0]}"
