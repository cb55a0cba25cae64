"""A trie of ids: which tokens may come next after the first tokens of an id, and whose id has ended.

Kept as one table of token ids (n_things, longest), its rows sorted, so that a node is a range of rows and nothing is
built for beginnings that no search visits. Several things may share an id.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from zsbench.core.doubts import SHARE
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import IntArray, np


class Node(NamedTuple):
    """The beginning that rows `first` to `last` (exclusive) of the sorted table share: `depth` tokens."""

    first: int
    last: int
    depth: int


class Trie:
    """Ids as token sequences, none of which begins another one.

    Parameters
    ----------
    ids : tokens of each thing's id; things are numbered in this order, from 0.

    Raises
    ------
    UserError
        No ids, an empty one, or one that begins another one, so that nothing tells where it ends.
    """

    def __init__(self, ids: Sequence[Sequence[int]]) -> None:
        if not ids or not all(len(tokens) for tokens in ids):
            raise UserError("", "an id without tokens" if ids else "no ids", "at least one token each")
        lengths = np.array([len(tokens) for tokens in ids])
        table = np.full((len(ids), int(lengths.max())), -1, dtype=np.int64)
        for row, tokens in enumerate(ids):
            table[row, : len(tokens)] = tokens
        # Sorted from the last column to the first; equal ids keep the order of their things.
        order = np.lexsort(table.T[::-1])
        self._things: IntArray = order
        self._table: IntArray = table[order]
        self._lengths: IntArray = lengths[order]
        self.root = Node(0, len(ids), 0)
        self._of_root = self._branches(self.root)
        self._require_ends()

    def _require_ends(self) -> None:
        """Refuse an id that begins another one: with rows sorted, the two stand next to each other."""
        above, below = self._table[:-1], self._table[1:]
        begins = ((above == below) | (above < 0)).all(axis=1) & (self._lengths[:-1] < self._lengths[1:])
        for row in np.flatnonzero(begins):
            one, other = (int(self._things[i]) for i in (row, row + 1))
            found = f"the tokens of id number {one} begin those of number {other}"
            raise UserError("", found, "an end token after every id (`end: true`), or ids of one length")

    def children(self, node: Node) -> list[tuple[int, Node]]:
        """Return the tokens that may come next, ascending, each with the node it leads to; none where ids end."""
        return self._of_root if node == self.root else self._branches(node)

    def _branches(self, node: Node) -> list[tuple[int, Node]]:
        if node.depth == self._lengths[node.first]:
            return []
        column = self._table[node.first : node.last, node.depth]
        starts = [0, *(np.flatnonzero(np.diff(column)) + 1).tolist(), len(column)]
        return [
            (int(column[start]), Node(node.first + start, node.first + stop, node.depth + 1))
            for start, stop in pairwise(starts)
        ]

    def things(self, node: Node) -> list[int]:
        """Return the numbers of the things whose id ends at this node, ascending."""
        return self._things[node.first : node.last].tolist() if node.depth == self._lengths[node.first] else []


def require_apart(ids: Sequence[Sequence[int]], written: Sequence[object]) -> None:
    """Refuse ids of which many are written differently and are the same tokens: the model cannot tell them apart.

    A few (accents or scripts that a tokenizer does not know) share a place in the trie, like things of one id.

    Raises
    ------
    RunError
        More than the share `doubts.SHARE` of them are the tokens of another one; the message names two.
    """
    first: dict[tuple[int, ...], object] = {}
    lost = [
        (first[key], text)
        for key, text in zip(map(tuple, ids), written, strict=True)
        if first.setdefault(key, text) != text
    ]
    if len(lost) > SHARE * len(ids):
        one, other = lost[0]
        found = f"{len(lost)} of {len(ids)} ids are the same tokens as another to this model ('{one}' and '{other}')"
        raise RunError("", found, "a model whose tokenizer knows their words and signs")
