"""A fixed list of words, found among all words of a block of captions at once.

Words are compared whole, eight bytes at a time; a hash only says where to look, so that no two words are ever taken for
one another.
"""

from __future__ import annotations

from collections.abc import Mapping

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
        self.bytes = np.frombuffer(block + bytes(8), np.uint8)
        letters = self.bytes[: len(block)] > 32
        borders = np.flatnonzero(np.concatenate([letters[:1], letters[1:] != letters[:-1]]))
        self.starts, ends = borders[::2], borders[1::2]
        self.lengths = ends - self.starts
        self.captions = np.searchsorted(self.starts, np.flatnonzero(self.bytes == 10))
        self._masks: NDArray[np.uint64] = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)
        self._windows: NDArray[np.uint64] = np.ndarray((len(self.bytes) - 7,), "<u8", buffer=self.bytes, strides=(1,))

    def chunk(self, tokens: IntArray | slice, number: int) -> NDArray[np.uint64]:
        """Return bytes 8 * number to 8 * number + 7 of some tokens as one number, zeros behind their ends."""
        starts, lengths = self.starts[tokens], self.lengths[tokens]
        if not number:
            return self._windows[starts] & self._masks[np.minimum(lengths, 8)]  # type: ignore[no-any-return]
        left = lengths - 8 * number
        there = np.minimum(starts + 8 * number, len(self._windows) - 1)
        return self._windows[there] & self._masks[np.clip(left, 0, 8)]  # type: ignore[no-any-return]

    def rows(self, tokens: IntArray) -> IntArray:
        """Return the caption of each token, by its number in the block."""
        return np.searchsorted(self.captions, tokens, side="right")


class WordTable:
    """Words with a number each; several words may share one."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        words = [word.encode() for word in numbers]
        block = b" ".join(words) + b"\n"
        tokens = Tokens(block)
        assert len(tokens.starts) == len(words), "a word has no border in it"
        every = slice(None)
        self._longest = int(tokens.lengths.max(initial=1))
        self._n_chunks = -(-self._longest // 8)
        self._passes = np.zeros(1 << _BITS, bool)
        self._passes[_slot(tokens.chunk(every, 0), tokens.lengths)] = True
        self._numbers = np.fromiter(numbers.values(), np.int64, len(words))
        self._factor = _FACTOR
        while True:
            keys = self._keys(tokens, every)
            order = np.argsort(keys, kind="stable")
            self._sorted, self._order = keys[order], order
            if len(np.unique(keys)) == len(keys):
                break
            self._factor = (self._factor * _FACTOR) % 2**64  # odd times odd: another factor that loses no bit
        self._chunks = [tokens.chunk(every, number) for number in range(self._n_chunks)]

    def find(self, tokens: Tokens) -> tuple[IntArray, IntArray]:
        """Return (n_found,) tokens that are words of the table, in their order, and the words' numbers."""
        first = tokens.chunk(slice(None), 0)
        passed = self._passes[_slot(first, tokens.lengths)]
        passed &= tokens.lengths <= self._longest
        found = np.flatnonzero(passed)
        at = np.minimum(np.searchsorted(self._sorted, self._keys(tokens, found)), len(self._sorted) - 1)
        words = self._order[at]
        same: BoolArray = np.ones(len(found), bool)
        for number, chunk in enumerate(self._chunks):
            same &= chunk[words] == tokens.chunk(found, number)
        return found[same], self._numbers[words[same]]

    def _keys(self, tokens: Tokens, which: IntArray | slice) -> NDArray[np.uint64]:
        factor, shift = np.uint64(self._factor), np.uint64(32)
        key = np.zeros(len(tokens.starts[which]), np.uint64)
        for number in range(self._n_chunks):
            key = (key ^ tokens.chunk(which, number)) * factor
            key ^= key >> shift
        return key


def _slot(first: NDArray[np.uint64], lengths: IntArray) -> IntArray:
    """Return the place of words in the filter, from their first eight bytes and their length."""
    mixed = (first ^ (lengths.astype(np.uint64) << np.uint64(56))) * np.uint64(_FACTOR)
    return (mixed >> np.uint64(64 - _BITS)).view(np.int64)  # type: ignore[no-any-return]
