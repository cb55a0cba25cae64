"""A fixed list of words, found among all words of a block of captions at once.

Words are compared whole, eight bytes at a time; a hash only says where to look, so that no two words are ever taken for
one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from zsbench.core.lazy import BoolArray, IntArray, NDArray, np

_FACTOR = 0x9E3779B97F4A7C15
_BITS = 18
"""A filter of 2^18 flags fits a processor's second cache, and lets one word in fifty pass for 5,000 that are wanted."""


class Tokens:
    """Where the words of a block begin and how long they are, in bytes, and which caption each belongs to.

    Attributes
    ----------
    starts, lengths : (n_tokens,).
    captions : (n_captions,), number of the first token of the following caption.
    """

    def __init__(self, block: bytes) -> None:
        self.bytes = np.frombuffer(b" " + block + bytes(8), np.uint8)
        letters = self.bytes[: len(block) + 1] > 32
        borders = np.flatnonzero(letters[1:] != letters[:-1])
        borders += 1
        self.starts = np.ascontiguousarray(borders[::2])
        self.lengths = borders[1::2] - self.starts
        self.captions = np.searchsorted(self.starts, np.flatnonzero(self.bytes == 10))
        self._windows = np.ndarray((len(self.bytes) - 7,), "<u8", buffer=self.bytes, strides=(1,))

    def chunk(self, tokens: IntArray | slice, number: int) -> NDArray[np.uint64]:
        """Return bytes 8 * number to 8 * number + 7 of some tokens as one number, zeros behind their ends."""
        starts, left = self.starts[tokens], self.lengths[tokens]
        if number:
            starts = np.minimum(starts + 8 * number, len(self._windows) - 1)
            left = left - 8 * number
        chunk: NDArray[np.uint64] = self._windows[starts]
        chunk &= _masks().take(left, mode="clip")
        return chunk

    def rows(self, tokens: IntArray) -> IntArray:
        """Return the caption of each token, by its number in the block."""
        return np.searchsorted(self.captions, tokens, side="right")


class WordTable:
    """Words with a number each; several words may share one."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        words = [word.encode() for word in numbers]
        tokens = Tokens(b" ".join(words) + b"\n")
        assert len(tokens.starts) == len(words), "a word has no border in it"
        self._numbers = np.fromiter(numbers.values(), np.int64, len(words))
        self._longest = int(tokens.lengths.max(initial=1))
        self._chunks = [tokens.chunk(slice(None), number) for number in range(-(-self._longest // 8))]
        slots = _slot(self._chunks[0])
        self._passes = np.zeros(1 << _BITS, bool)
        self._passes[slots] = True
        # The words of a slot are a chain: the first of them, and behind each word the next one.
        self._first = np.full(1 << _BITS, -1, np.int32)
        self._next = np.full(len(words), -1, np.int32)
        for word, slot in enumerate(slots.tolist()):
            self._next[word], self._first[slot] = self._first[slot], word

    def find(self, tokens: Tokens) -> tuple[IntArray, IntArray]:
        """Return (n_found,) tokens that are words of the table, in their order, and the words' numbers."""
        start = tokens.chunk(slice(None), 0)
        slots = _slot(start)
        found = np.flatnonzero(self._passes.take(slots))
        found = found[tokens.lengths[found] <= self._longest]
        chunks = [start[found], *(tokens.chunk(found, number) for number in range(1, len(self._chunks)))]
        words, left = self._first[slots[found]], np.arange(len(found))
        while len(left):
            same: BoolArray = np.ones(len(left), bool)
            for known, own in zip(self._chunks, chunks, strict=True):
                same &= known[words[left]] == own[left]
            left = left[~same]
            words[left] = self._next[words[left]]
            left = left[words[left] >= 0]
        held = words >= 0
        return found[held], self._numbers[words[held]]


def _slot(first: NDArray[np.uint64]) -> IntArray:
    """Return the place of words in the filter, from their first eight bytes."""
    mixed = first * np.uint64(_FACTOR)
    mixed >>= np.uint64(64 - _BITS)
    slots: IntArray = mixed.view(np.int64)
    return slots


@cache
def _masks() -> NDArray[np.uint64]:
    """Return numbers whose lowest 0, 1, ... 8 bytes are ones."""
    return np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)
