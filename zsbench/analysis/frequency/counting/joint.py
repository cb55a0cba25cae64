"""Which captions hold which concepts, put together with each other and with the tags of images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from zsbench.analysis.frequency.counting.tags import ImageTags
from zsbench.analysis.frequency.counting.tallies import Tally
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import IntArray, np


@dataclass(frozen=True)
class Found:
    """Captions with concepts in them, each pair once: ids (n,) of captions and concepts (n,) by number.

    `place` is their shard, for messages.
    """

    ids: list[str]
    rows: IntArray
    concepts: IntArray
    place: str = ""


def found(tally: Tally, parts: Sequence[Path], facts: Sequence[dict[str, Any]]) -> Iterator[Found]:
    """Yield the captions of each shard that hold concepts; one without an id is known by its row over all shards."""
    import pyarrow.parquet as pq

    resolve = _Resolver(tally)
    before = 0
    for part, of_shard in zip(parts, facts, strict=True):
        table = pq.read_table(part.with_suffix(".hits.parquet"))
        rows, slots, ids = table["row"].to_numpy(), table["slot"].to_numpy(), table["id"].to_pylist()
        kept = resolve.first_of_pairs(rows, slots)
        named = [str(before + int(rows[n])) if ids[n] is None else ids[n] for n in kept.tolist()]
        yield Found(named, rows[kept], tally.slots.concepts[slots[kept]], of_shard["path"])
        before += of_shard["captions"]


class _Resolver:
    """Says which (caption, slots of a concept) hold a name of the concept, now that all captions are counted."""

    def __init__(self, tally: Tally) -> None:
        self.concepts = tally.slots.concepts
        self.names = [[frozenset(slots) for slots in names.values() if slots] for names in tally.present()]
        self.simple = np.array([all(len(slots) == 1 for slots in names) for names in self.names])

    def first_of_pairs(self, rows: IntArray, slots: IntArray) -> IntArray:
        """Return the number of one entry for each (row, concept) that holds, of entries in order of row and slot."""
        concepts = self.concepts[slots]
        first = np.ones(len(rows), bool)
        first[1:] = (rows[1:] != rows[:-1]) | (concepts[1:] != concepts[:-1])
        holds = first & self.simple[concepts]
        hard = np.flatnonzero(~self.simple[concepts]).tolist()
        for (_, concept), entries in groupby(hard, key=lambda n: (int(rows[n]), int(concepts[n]))):
            listed = list(entries)
            own = frozenset(slots[listed].tolist())
            holds[listed[0]] = any(name <= own for name in self.names[concept])
        return np.flatnonzero(holds)


@dataclass
class Cooccurrences:
    """Captions that hold two concepts, for every pair of concepts that any caption holds."""

    n_concepts: int
    _sum: Any = None

    def add(self, one: Found) -> None:
        """Add the captions of a shard."""
        from scipy.sparse import csr_array

        _, rows = np.unique(one.rows, return_inverse=True)
        shape = (int(rows.max(initial=-1)) + 1, self.n_concepts)
        held = csr_array((np.ones(len(rows), np.int64), (rows, one.concepts)), shape=shape)
        pairs = held.T @ held
        self._sum = pairs if self._sum is None else self._sum + pairs

    def pairs(self) -> Iterator[tuple[int, int, int]]:
        """Yield (concept, later concept, captions with both), in the order of the concepts."""
        from scipy.sparse import triu

        upper = triu(self._sum, 1).tocsr().tocoo()
        order = np.lexsort((upper.col, upper.row))
        yield from zip(upper.row[order].tolist(), upper.col[order].tolist(), upper.data[order].tolist(), strict=True)


@dataclass
class Alignment:
    """What texts and images agree on.

    Attributes
    ----------
    integrated : (n_concepts,), captions that hold a concept and whose image has its tag.
    n_text, n_image : samples with a concept in the text, and in the image.
    n_common : samples with both.
    n_misaligned : those of them that have no concept in common.
    """

    tags: ImageTags
    integrated: IntArray = field(init=False)
    n_text: int = 0
    n_common: int = 0
    n_misaligned: int = 0

    def __post_init__(self) -> None:
        self.integrated = np.zeros(self.tags.n_concepts, np.int64)
        self._seen = np.zeros(len(self.tags.ids), bool)

    @property
    def n_image(self) -> int:
        """Samples with a concept in the image."""
        return len(self.tags.ids)

    def add(self, one: Found) -> list[str]:
        """Add the captions of a shard; return the ids of the misaligned ones.

        Raises
        ------
        UserError
            Two captions have the id of one tagged image, which would count twice.
        """
        _, first, samples = np.unique(one.rows, return_index=True, return_inverse=True)
        images = self.tags.numbers(one.ids)
        self._require_distinct(one, first, images[first])
        both = images >= 0
        agree = np.zeros(len(images), bool)
        agree[both] = self.tags.has(images[both], one.concepts[both])
        self.integrated += np.bincount(one.concepts[agree], minlength=len(self.integrated))
        n = int(samples.max(initial=-1)) + 1
        tagged, agreed = (np.bincount(samples[which], minlength=n) > 0 for which in (both, agree))
        self.n_text += n
        self.n_common += int(tagged.sum())
        misaligned = [one.ids[n] for n in first[tagged & ~agreed].tolist()]
        self.n_misaligned += len(misaligned)
        return misaligned

    def _require_distinct(self, one: Found, first: IntArray, images: IntArray) -> None:
        _, back, n = np.unique(images, return_inverse=True, return_counts=True)
        known = images >= 0
        again = known & ((n[back] > 1) | self._seen[images])
        if again.any():
            named = one.ids[int(first[again][0])]
            raise UserError(shown(Path(one.place)), f"two captions have the id '{named}'", "an id for each caption")
        self._seen[images[known]] = True

    def degrees(self, corpus_size: int) -> dict[str, float | None]:
        """Return the share of misaligned samples, 0 to 1, among those with concepts and in the whole corpus.

        `degree_extracted` divides by the samples with a concept in the image, or in the text if those are more;
        `degree_fixed` by the size of the corpus. None where there is nothing to divide by.
        """
        most = max(self.n_text, self.n_image)
        n = self.n_misaligned
        return {
            "degree_extracted": n / most if most else None,
            "degree_fixed": n / corpus_size if corpus_size else None,
        }
