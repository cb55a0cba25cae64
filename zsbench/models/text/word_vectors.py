"""Mean word vectors from a text file: GloVe's format, or that of fastText and word2vec with a first line `n width`.

    word 0.1 -0.2 ...        one word a line, parted from its numbers and these from each other by single blanks

A text is lower-cased and split at every `-`, `/`, `_` and blank; its vector is the mean over its words, each unknown
one standing as the mean of all vectors of the file. What stands between two neighbouring separators is an empty word,
and unknown. Of lines for one word the last counts. A word may hold blanks, as some of GloVe's do (`. . .`), but a word
whose last part is a number is a line with a number too many.

Source: the GloVe and fastText embedders of flairNLP/familiarity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from zsbench.config.components import model as declare
from zsbench.config.options import LocalPath
from zsbench.core import textfiles
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, FloatArray, np
from zsbench.core.records import Cost
from zsbench.core.yamlio import shown
from zsbench.models import runtime
from zsbench.models.capabilities import TextEncoder

_SEPARATOR = re.compile(r"[-/_ ]")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@declare(offers=(TextEncoder,))
def word_vectors(*, vectors: LocalPath) -> WordVectors:
    """Load a table of word vectors.

    Parameters
    ----------
    vectors : the file, plain or .gz.

    Raises
    ------
    UserError
        A line of another width, a value that is no finite number, or a first line that counts other words than there
        are; with file and line.
    """
    return WordVectors(Path(vectors))


class WordVectors:
    """A `TextEncoder` that looks words up; queries and documents are encoded alike."""

    device, dtype = "cpu", "float32"

    def __init__(self, path: Path) -> None:
        self.cost = Cost()
        self._rows, self._table = _read(path)
        # In double precision: a million single-precision sums lose the mean's last digits.
        self._unknown = self._table.mean(axis=0, dtype=np.float64)
        self.fingerprint = runtime.fingerprint(["word-vectors", "1"], [str(path)])

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Return the mean vectors of texts, (n_texts, width)."""
        return np.stack([self._vector(text) for text in texts]).astype(np.float32)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Return the mean vectors of texts, (n_texts, width)."""
        return self.encode_queries(texts)

    def knows(self, text: str) -> bool:
        """Return whether any word of a text is in the file; otherwise its vector is the mean of all words."""
        return any(word in self._rows for word in _SEPARATOR.split(text.lower()))

    def _vector(self, text: str) -> DoubleArray:
        rows = [self._rows.get(word) for word in _SEPARATOR.split(text.lower())]
        known = [self._unknown if row is None else self._table[row].astype(np.float64) for row in rows]
        return np.asarray(np.mean(known, axis=0))


def _read(path: Path) -> tuple[dict[str, int], FloatArray]:
    """Return the row of every word, and the vectors (n_lines, width)."""
    counted, rows, parts = None, dict[str, int](), list[FloatArray]()
    width = 0
    for first, text in textfiles.blocks(path):
        lines = list(_lines(first, text))
        if not width and lines:
            counted = _counted(lines[0][1])
            width = counted[1] if counted else max(1, lines[0][1].count(" "))
            lines = lines[1:] if counted else lines
        if not lines:
            continue
        words, table = _parsed(lines, width, path)
        n = sum(map(len, parts))
        rows.update(zip(words, range(n, n + len(words)), strict=True))
        parts.append(table)
    table = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
    if not len(table):
        raise UserError(shown(path), "no word vectors", "a word and its numbers on each line")
    if counted and counted[0] != len(table):
        raise UserError(f"{shown(path)}:1", f"{counted[0]} words counted, {len(table)} there", "the whole file")
    return rows, table


def _lines(first: int, text: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, line without blanks at its end) of a block, without empty lines."""
    for number, line in enumerate(text.split("\n"), first):
        if line := line.rstrip(" \r"):
            yield number, line


def _counted(line: str) -> tuple[int, int] | None:
    """Return number of words and width where a first line says them, as fastText's and word2vec's does."""
    fields = line.split(" ")
    if len(fields) == 2 and all(field.isascii() and field.isdigit() for field in fields) and int(fields[1]) > 1:
        return int(fields[0]), int(fields[1])
    return None


def _parsed(lines: Sequence[tuple[int, str]], width: int, path: Path) -> tuple[list[str], FloatArray]:
    """Return words and vectors (n_lines, width) of lines whose last `width` fields are numbers."""
    # A word of GloVe's may hold blanks itself, so that numbers are counted from the end.
    split = [line.rsplit(" ", width) for _, line in lines]
    with np.errstate(over="ignore"):  # what single precision cannot hold is refused below
        try:
            values = np.array([fields[1:] for fields in split], dtype=np.float32)
            wrong = ~np.isfinite(values).all(axis=1) if values.shape[1] == width else np.ones(len(split), dtype=bool)
        except ValueError:
            wrong = np.array([not _are_numbers(fields[1:], width) for fields in split])
    wrong |= np.array([_is_no_word(fields[0]) for fields in split])
    if wrong.any():
        number, line = lines[int(wrong.argmax())]
        expected = f"a word and {width} finite {'number' if width == 1 else 'numbers'}, parted by single blanks"
        raise UserError(f"{shown(path)}:{number}", f"line {textfiles.short(line, 40)}", expected)
    return [fields[0] for fields in split], values


def _is_no_word(word: str) -> bool:
    """Say whether what stands before the numbers is more than a word: a further number, or columns parted by tabs."""
    return "\t" in word or (" " in word and bool(_NUMBER.fullmatch(word.rpartition(" ")[2])))


def _are_numbers(fields: Sequence[str], width: int) -> bool:
    try:
        return len(fields) == width and bool(np.isfinite(np.array(fields, dtype=np.float32)).all())
    except ValueError:
        return False
