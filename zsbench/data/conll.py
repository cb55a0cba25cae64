"""CoNLL files: a word and its BIO tag a line, blank lines between sentences."""

from __future__ import annotations

from pathlib import Path

from zsbench import textfiles
from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._sentences import Sentence, SentenceSet, Span, bio_spans
from zsbench.errors import UserError
from zsbench.yamlio import shown


@source(gives="sentences", files=lambda options: [options["path"]])
def conll(*, path: LocalPath) -> SentenceSet:
    """Read columns parted by tabs (where the first line has one) or by blanks: the first is the word, the last the tag.

    Tags are read as conlleval does: an I- without B- opens a span. The last sentence needs no blank line.

    Raises
    ------
    UserError
        A line with one column only, or a tag that is no BIO/IOBES tag; with file and line.
    """
    items: list[Sentence] = []
    gold: list[list[Span]] = []
    words: list[str] = []
    tags: list[str] = []
    tabs: bool | None = None

    def close() -> None:
        if words:
            items.append(Sentence(str(len(items)), tuple(words)))
            gold.append(bio_spans(tags))
        words.clear()
        tags.clear()

    for number, line in textfiles.lines(Path(path)):
        if not line.strip(textfiles.BLANKS) or line.startswith("-DOCSTART-"):
            close()
            continue
        tabs = "\t" in line if tabs is None else tabs
        parts = textfiles.cells(line) if tabs else textfiles.words(line)
        where = f"{shown(Path(path))}:{number}"
        if len(parts) < 2 or not parts[0]:
            found = "no word" if len(parts) > 1 else "one column"
            raise UserError(where, f"{found} ('{line}')", "a word and a tag" + ", parted by a tab" * tabs)
        if parts[-1][:1] not in tuple("BIOSE") or (len(parts[-1]) > 1 and parts[-1][1] != "-"):
            raise UserError(where, f"tag '{parts[-1]}'", "O, B-type, I-type (or IOBES)")
        words.append(parts[0])
        tags.append(parts[-1])
    close()
    return SentenceSet(items, gold)
