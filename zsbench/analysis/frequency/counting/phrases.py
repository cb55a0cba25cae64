"""Phrases found in a block of captions: all words at once, then from word to word down a tree of the phrases.

The tree holds each phrase as a path of words. A first step takes every word of the block at which a phrase may begin,
each further step the word behind, so that the work grows with the captions and hardly with the number of phrases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from zsbench.analysis.frequency.counting import words
from zsbench.analysis.frequency.counting.tallies import Term
from zsbench.analysis.frequency.counting.word_table import Tokens, WordTable
from zsbench.core.lazy import IntArray, np


class Phrases:
    """Finds terms, each a sequence of words.

    Parameters
    ----------
    terms : what is looked for.
    reading : how captions become words.
    forms : the words that stand for a word of a term: itself, or all that share its lemma.
    """

    def __init__(
        self,
        terms: Sequence[Term],
        reading: words.Reading,
        forms: Callable[[str], Iterable[str]] = lambda word: (word,),
    ) -> None:
        self.reading = reading
        numbers: dict[str, int] = {}
        edges: dict[tuple[int, int], int] = {}
        ends: dict[int, int] = {}
        for number, term in enumerate(terms):
            state = 0
            for word in term:
                key = (state, numbers.setdefault(word, len(numbers)))
                state = edges.setdefault(key, len(edges) + 1)
            ends[state] = number
        self._table = WordTable({form: number for word, number in numbers.items() for form in forms(word)})
        self._n_words = len(numbers)
        keys = np.array([state * self._n_words + word for state, word in edges], np.int64)
        order = np.argsort(keys)
        self._keys, self._next = keys[order], np.array(list(edges.values()), np.int64)[order]
        self._ends = np.full(len(edges) + 1, -1, np.int64)
        self._ends[list(ends)] = list(ends.values())
        self._begins = np.full(len(numbers), -1, np.int64)
        self._begins[[word for state, word in edges if not state]] = [
            to for (state, _), to in edges.items() if not state
        ]
        self._goes_on = np.zeros(len(edges) + 1, bool)
        self._goes_on[[state for state, _ in edges]] = True

    def find(self, texts: Sequence[str]) -> tuple[IntArray, IntArray]:
        """Return (n_found,) numbers of captions and of the terms in them; a term may come more than once."""
        tokens = Tokens(words.block(texts, self.reading))
        at, found = self._table.find(tokens)
        if not len(at):
            return at, found
        rows = tokens.rows(at)
        # Position i + 1 of a phrase is the next word found, where it is also the next word of the same caption.
        follows = np.zeros(len(at), bool)
        follows[:-1] = (at[1:] == at[:-1] + 1) & (rows[1:] == rows[:-1])
        state = self._begins[found]
        place = np.flatnonzero(state >= 0)
        state = state[place]
        hits: list[tuple[IntArray, IntArray]] = []
        while len(place):
            ended = np.flatnonzero(self._ends[state] >= 0)
            hits.append((rows[place[ended]], self._ends[state[ended]]))
            on = np.flatnonzero(self._goes_on[state] & follows[place])
            state, place = state[on], place[on] + 1
            keys = state * self._n_words + found[place]
            edge = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
            walked = self._keys[edge] == keys
            state, place = self._next[edge[walked]], place[walked]
        return np.concatenate([_none(), *(row for row, _ in hits)]), np.concatenate([_none(), *(t for _, t in hits)])


def _none() -> IntArray:
    return np.zeros(0, np.int64)
