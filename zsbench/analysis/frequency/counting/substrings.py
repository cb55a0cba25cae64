"""Pieces of text found anywhere in captions, within words too: the automaton of Aho and Corasick.

The automaton reads the first character of every caption of a block, then the second of every caption, and so on, so
that a step is one look-up in its table for thousands of captions.

Letter case is folded, and `_` and runs of white space are one blank.
Source: Aho and Corasick 1975, Efficient string matching, doi:10.1145/360825.360855.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Sequence

from zsbench.analysis.frequency.counting.tallies import Term
from zsbench.core.lazy import IntArray, np

MOST_CELLS = 1 << 28
"""States times byte values: a table of a gigabyte."""


def folded(text: str) -> str:
    """Return a text as substrings are compared.

    Examples
    --------
    >>> folded("Fire_Truck  no.\\t5 ")
    'fire truck no. 5'
    """
    return " ".join(unicodedata.normalize("NFC", text).casefold().replace("_", " ").split())


class Substrings:
    """Finds terms, each of one piece of text that `folded` gave."""

    def __init__(self, terms: Sequence[Term]) -> None:
        patterns = [term[0].encode() for term in terms]
        used = sorted(set(b"".join(patterns)))
        self._classes = np.zeros(256, np.int32)
        self._classes[used] = np.arange(1, len(used) + 1)
        children: list[dict[int, int]] = [{}]
        ends: list[list[int]] = [[]]
        for number, pattern in enumerate(patterns):
            state = 0
            for byte in self._classes[list(pattern)].tolist():
                if byte not in children[state]:
                    children[state][byte] = len(children)
                    children.append({})
                    ends.append([])
                state = children[state][byte]
            ends[state].append(number)
        self._width = len(used) + 1
        self._table = self._closed(children, ends)
        lengths = np.array([len(of_state) for of_state in ends])
        self._n, self._starts = lengths, np.cumsum(lengths) - lengths
        self._ends = np.array([number for of_state in ends for number in of_state], np.int64)

    def _closed(self, children: list[dict[int, int]], ends: list[list[int]]) -> IntArray:
        """Return the state behind each (state, byte), and add to `ends` what ends at a shorter suffix of a state."""
        table = np.zeros((len(children), self._width), np.int32)
        suffix = [0] * len(children)
        waiting = deque([0])
        while waiting:
            state = waiting.popleft()
            table[state] = table[suffix[state]] if state else 0
            for byte, child in children[state].items():
                suffix[child] = int(table[suffix[state], byte]) if state else 0
                ends[child] += ends[suffix[child]]
                table[state, byte] = child
                waiting.append(child)
        return table.ravel()  # type: ignore[return-value]

    def find(self, texts: Sequence[str]) -> tuple[IntArray, IntArray]:
        """Return (n_found,) numbers of captions and of the terms in them; a term may come more than once."""
        captions = [folded(text).encode() for text in texts]
        lengths = np.fromiter(map(len, captions), np.int64, len(captions))
        order = np.argsort(-lengths, kind="stable")
        starts, data = (np.cumsum(lengths) - lengths)[order], self._classes[np.frombuffer(b"".join(captions), np.uint8)]
        left = len(order) - np.searchsorted(lengths[order][::-1], np.arange(int(lengths.max(initial=0))), side="right")
        state = np.zeros(len(order), np.int64)
        hits: list[tuple[IntArray, IntArray]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
        for step, n in enumerate(left.tolist()):
            state = self._table[state[:n] * self._width + data[starts[:n] + step]].astype(np.int64)
            ended = np.flatnonzero(self._n[state])
            if len(ended):
                hits.append((order[ended], state[ended]))
        rows, states = (np.concatenate(side) for side in zip(*hits, strict=True))
        n = self._n[states]
        within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        return np.repeat(rows, n), self._ends[np.repeat(self._starts[states], n) + within]
