"""Captions that hold a name of a concept, as many as a language model is to be asked about, drawn at random.

As REAL counts: a caption is credited once, to the first name it holds, from the most frequent down. The captions that
REAL asks about come from a set, and so in no order; here they are drawn with a seed, in one pass over all captions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path

from zsbench.analysis.frequency.counting import searches
from zsbench.analysis.frequency.counting.captions import Columns, blocks
from zsbench.analysis.frequency.counting.tallies import by_frequency, first_held
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import np

Credited = tuple[str, str]
"""The name that a caption was found by, and the caption."""


def drawn(
    shards: Iterable[Path],
    columns: Columns,
    counts: Mapping[str, Mapping[str, int]],
    *,
    most: int,
    seed: int,
    where: str,
    told: Callable[[int], None] = lambda _: None,
) -> dict[str, list[Credited]]:
    """Return for each concept up to `most` captions in random order, each equally likely to be among them.

    Parameters
    ----------
    counts : {concept: {name: captions}}.
    where : the file of the counts, for messages.
    told : is told of captions read.

    Raises
    ------
    UserError
        What reading captions refuses, or captions that are parsed into lemmas.
    """
    search = searches.Search("fts")
    slots, finder = searches.make(search, {concept: list(names) for concept, names in counts.items()}, where)
    orders = [by_frequency(dict(names)) for names in counts.values()]
    draws = [_Draw(most, np.random.default_rng([seed, number])) for number in range(len(orders))]
    for shard in shards:
        for block in blocks(shard, columns):
            texts = [searches.NULL["fts"] if text is None else text for text in block.captions]
            if not all(isinstance(text, str) for text in texts):
                raise UserError(shown(shard), "captions that are parsed into lemmas", "captions as texts")
            pairs = zip(*(of.tolist() for of in slots.of_terms(*finder.find(texts))), strict=True)
            for (row, concept), held in groupby(pairs, lambda pair: (pair[0], int(slots.concepts[pair[1]]))):
                name = first_held([slot for _, slot in held], orders[concept], slots.names[concept])
                if name is not None:
                    draws[concept].add((name, texts[row]))
            told(len(texts))
    return {concept: draw.shuffled() for concept, draw in zip(counts, draws, strict=True)}


class _Draw:
    """A reservoir: of all that is added, `most` things, each set of that size equally likely."""

    def __init__(self, most: int, rng: np.random.Generator) -> None:
        self._most, self._rng, self._n = most, rng, 0
        self._held: list[Credited] = []

    def add(self, one: Credited) -> None:
        self._n += 1
        if len(self._held) < self._most:
            self._held.append(one)
        elif (place := int(self._rng.integers(self._n))) < self._most:
            self._held[place] = one

    def shuffled(self) -> list[Credited]:
        return [self._held[place] for place in self._rng.permutation(len(self._held))]
