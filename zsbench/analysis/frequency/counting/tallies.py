"""What is counted: for each concept, how many captions hold which of its words.

Counting sets of words rather than names lets all other figures follow at the end, and lets shards be added up: the
captions of a name and of a concept, the synonym that a caption is credited to, and words that stand in no caption at
all, which the paper's search ignores and which nobody knows before the last caption.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.lazy import IntArray, np

Term = tuple[str, ...]
"""What is looked for in a caption: words next to each other, or a piece of text (one entry)."""


@dataclass(frozen=True)
class Wanted:
    """A concept by its names, and each name by the terms that all have to be in a caption."""

    concept: str
    names: dict[str, tuple[Term, ...]]


class Slots:
    """Every (concept, term) has a number, a slot; those of one concept follow one another.

    Attributes
    ----------
    terms : the distinct terms of all concepts, as a matcher numbers them.
    names : for each concept {name: slots of its terms}.
    concepts : (n_slots,), the concept of each slot.
    """

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        numbers: dict[Term, int] = {}
        self.wanted = list(wanted)
        self.names: list[dict[str, tuple[int, ...]]] = []
        terms: list[int] = []
        concepts: list[int] = []
        for number, one in enumerate(self.wanted):
            own: dict[Term, int] = {}
            for parts in one.names.values():
                for term in parts:
                    own.setdefault(term, len(terms) + len(own))
            self.names.append({name: tuple(own[term] for term in parts) for name, parts in one.names.items()})
            terms += [numbers.setdefault(term, len(numbers)) for term in own]
            concepts += [number] * len(own)
        self.terms: list[Term] = list(numbers)
        self.concepts: IntArray = np.array(concepts, np.int64)
        self._by_term: IntArray = np.argsort(np.array(terms, np.int64), kind="stable")
        self._n: IntArray = np.bincount(np.array(terms, np.int64), minlength=len(numbers))
        self._starts: IntArray = np.cumsum(self._n) - self._n
        self._one_each = len(terms) == len(numbers)

    def of_terms(self, rows: IntArray, terms: IntArray) -> tuple[IntArray, IntArray]:
        """Return (rows, slots) of (rows, terms) found: each pair once, by row and slot."""
        width = max(len(self.concepts), 1)
        if self._one_each:
            return np.divmod(_once(rows * width + self._by_term[terms]), width)
        n = self._n[terms]
        first = np.repeat(self._starts[terms], n)
        within = np.arange(len(first)) - np.repeat(np.cumsum(n) - n, n)
        slots = self._by_term[first + within]
        return np.divmod(_once(np.repeat(rows, n) * width + slots), width)


def _once(keys: IntArray) -> IntArray:
    """Return the distinct numbers, in rising order; what `np.unique` does in twice the time."""
    keys.sort()
    first = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]


class Tally:
    """How many captions hold which slots of a concept: `alone` those with one slot, `several` those with more."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.alone: IntArray = np.zeros(len(slots.concepts), np.int64)
        self.several: Counter[tuple[int, ...]] = Counter()

    def add(self, rows: IntArray, slots: IntArray) -> None:
        """Add captions by the slots found in them, as `Slots.of_terms` gives them; a caption is added in one piece."""
        concepts = self.slots.concepts[slots]
        firsts = np.ones(len(rows) + 1, bool)
        firsts[1:-1] = (rows[1:] != rows[:-1]) | (concepts[1:] != concepts[:-1])
        borders = np.flatnonzero(firsts)
        single = np.diff(borders) == 1
        self.alone += np.bincount(slots[borders[:-1][single]], minlength=len(self.alone))
        for start, end in zip(borders[:-1][~single].tolist(), borders[1:][~single].tolist(), strict=True):
            self.several[tuple(slots[start:end].tolist())] += 1

    def merge(self, stored: dict[str, Any]) -> None:
        """Add a tally of the same slots that `stored` wrote."""
        for slot, n in stored["alone"]:
            self.alone[slot] += n
        for slots, n in stored["several"]:
            self.several[tuple(slots)] += n

    def stored(self) -> dict[str, Any]:
        """Return the tally as JSON takes it."""
        alone = [[int(slot), int(self.alone[slot])] for slot in np.flatnonzero(self.alone)]
        return {"alone": alone, "several": [[list(slots), n] for slots, n in sorted(self.several.items())]}

    def counts(self) -> list[ConceptCount]:
        """Return what was counted, a concept each."""
        sets: list[list[tuple[frozenset[int], int]]] = [[] for _ in self.slots.wanted]
        for slot in np.flatnonzero(self.alone).tolist():
            sets[self.slots.concepts[slot]].append((frozenset([slot]), int(self.alone[slot])))
        for slots, n in self.several.items():
            sets[self.slots.concepts[slots[0]]].append((frozenset(slots), n))
        pairs = zip(self.slots.wanted, self.slots.names, sets, strict=True)
        return [_concept_count(one, names, of_concept) for one, names, of_concept in pairs]

    def present(self) -> list[dict[str, tuple[int, ...]]]:
        """Return for each concept the slots of each name that some caption holds."""
        there = self.alone > 0
        there[[slot for slots in self.several for slot in slots]] = True
        return [
            {name: tuple(s for s in slots if there[s]) for name, slots in names.items()} for names in self.slots.names
        ]


@dataclass(frozen=True)
class ConceptCount:
    """What was counted for one concept.

    Attributes
    ----------
    count : captions with at least one of its names, each once.
    names : captions with a name, {name: captions}, in the order of the concepts' file.
    credited : those captions among the names: names are taken from the most frequent down (with equal counts the one
        listed last comes first), and a caption goes to the first that it holds. They add up to `count`.
    """

    concept: str
    count: int
    names: dict[str, int]
    credited: dict[str, int]


def _concept_count(
    wanted: Wanted, names: dict[str, tuple[int, ...]], sets: list[tuple[frozenset[int], int]]
) -> ConceptCount:
    there = frozenset().union(*(found for found, _ in sets))
    asked = {name: there.intersection(slots) for name, slots in names.items()}
    captions = {name: sum(n for found, n in sets if slots and slots <= found) for name, slots in asked.items()}
    order = by_frequency(captions)
    credited = dict.fromkeys(captions, 0)
    for found, n in sets:
        name = first_held(found, order, asked)
        if name is not None:
            credited[name] += n
    return ConceptCount(wanted.concept, sum(credited.values()), captions, credited)


def first_held(found: Collection[int], order: Sequence[str], slots: Mapping[str, Collection[int]]) -> str | None:
    """Return the first name, all of whose slots were found in a caption, None where there is none."""
    held = frozenset(found)
    return next((name for name in order if slots[name] and held.issuperset(slots[name])), None)


def by_frequency(counts: dict[str, int]) -> list[str]:
    """Return names from the most frequent down; of equally frequent ones the one that is listed last comes first."""
    places = {name: place for place, name in enumerate(counts)}
    return sorted(counts, key=lambda name: (-counts[name], -places[name]))
