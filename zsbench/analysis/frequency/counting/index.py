"""An inverted index of captions: which words stand where, so that other concepts are counted without the captions.

A folder holds `index.json` (how captions became words, and every shard) and, for each stretch of about sixteen million
words of a shard, three files:

- `NAME.words.parquet`: each word, and how many places it has; sorted.
- `NAME.places.npy`: the places of all words, those of a word together; place i is the i-th word of the stretch, with
  a gap between captions, so that no phrase runs from one into the next.
- `NAME.captions.npy`: (n_captions,), the place before each caption's first word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from zsbench.analysis.frequency.counting import words
from zsbench.analysis.frequency.counting.searches import Forms, Search, forms_of
from zsbench.analysis.frequency.counting.tallies import Slots, Tally, Term
from zsbench.core import files, jsonfiles
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import IntArray, np

ABOUT = "index.json"
STRETCH = 1 << 24


class Writer:
    """Writes the index of one shard; `close` ends it."""

    def __init__(self, folder: Path, name: str, search: Search) -> None:
        if not search.reading:
            found = f"an index for --search {search.name}, which knows no words"
            raise UserError("--index", found, "exact, lemma, nouns or fts")
        self.folder, self.name, self.reading = folder, name, search.reading
        self.stretch = 0
        self._begin()

    def _begin(self) -> None:
        self.numbers: dict[str, int] = {}
        self.tokens: list[IntArray] = []
        self.starts: list[IntArray] = []
        self.place = 0

    def add(self, texts: Sequence[Any]) -> None:
        """Add captions: texts, or the nouns of each."""
        if self.reading == "nouns":
            captions = [sorted(document) for document in texts]
        else:
            reading: words.Reading = "unicode61" if self.reading == "unicode61" else "plain"
            block = words.block(texts, reading).decode()
            captions = [line.split() for line in block.split("\n")[:-1]]
        numbers = self.numbers
        ids = [
            number for caption in captions for number in (-1, *(numbers.setdefault(w, len(numbers)) for w in caption))
        ]
        lengths = np.array([len(caption) + 1 for caption in captions], np.int64)
        self.starts.append(self.place + np.cumsum(lengths) - lengths)
        self.tokens.append(np.array(ids, np.int32))
        self.place += len(ids)
        if self.place >= STRETCH:
            self._flush()

    def close(self, n_captions: int) -> None:
        """Write what is left; `n_captions` counts those of the shard that are null, too."""
        self._flush()
        about = {"reading": self.reading, "captions": n_captions, "stretches": self.stretch}
        files.write_json(self.folder / f"{self.name}.json", about)

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        tokens = np.concatenate([np.zeros(0, np.int32), *self.tokens])
        listed = sorted(self.numbers)
        ranks = np.empty(len(listed) + 1, np.int32)
        ranks[[self.numbers[word] for word in listed]] = np.arange(len(listed))
        ranks[-1] = -1  # the gap, number -1
        ranked = ranks[tokens]
        places = np.argsort(ranked, kind="stable")[int((ranked < 0).sum()) :].astype(np.uint32)
        base = self.folder / f"{self.name}.{self.stretch}"
        table = pa.table({"word": listed, "places": np.bincount(ranked[ranked >= 0], minlength=len(listed))})
        with files.replacing(base.with_name(base.name + ".words.parquet")) as temporary:
            pq.write_table(table, temporary)
        captions = np.concatenate([np.zeros(0, np.int64), *self.starts])
        for kind, array in (("places", places), ("captions", captions)):
            with files.replacing(base.with_name(f"{base.name}.{kind}.npy")) as temporary, temporary.open("wb") as out:
                np.save(out, array)
        self.stretch += 1
        self._begin()


def finish(folder: Path, reading: str, shards: Sequence[str], facts: Sequence[dict[str, Any]]) -> None:
    """Write what the whole index is: how captions became words, its shards by name, and the files they were."""
    files.write_json(folder / ABOUT, {"reading": reading, "shards": list(shards), "files": list(facts)})


def is_index(path: Path) -> bool:
    """Return whether a folder holds a whole index."""
    return (path / ABOUT).is_file()


def count(folder: Path, search: Search, slots: Slots) -> tuple[Tally, list[dict[str, Any]]]:
    """Return what concepts count in an index, and the facts about the files that were indexed.

    Raises
    ------
    UserError
        The index was made for another search.
    """
    about = jsonfiles.read(folder / ABOUT, "an index of `zsbench frequency count --index`")
    if about["reading"] != search.reading:
        found = f"an index of '{about['reading']}' words"
        raise UserError(shown(folder), found, f"one of '{search.reading or 'no'}' words, which {search.name} reads")
    tally, forms = Tally(slots), forms_of(search)
    for name in about["shards"]:
        for stretch_number in range(jsonfiles.read(folder / f"{name}.json")["stretches"]):
            stretch = _Stretch(folder / f"{name}.{stretch_number}")
            hits = list(_found(stretch, slots.terms, forms))
            rows = np.concatenate([np.zeros(0, np.int64), *(rows for _, rows in hits)])
            terms = np.repeat([number for number, _ in hits], [len(rows) for _, rows in hits]).astype(np.int64)
            tally.add(*slots.of_terms(rows, terms))
    return tally, about["files"]


def _found(stretch: _Stretch, terms: Sequence[Term], forms: Forms) -> Iterator[tuple[int, IntArray]]:
    """Yield (term, numbers of the captions that hold it) for each term that has any."""
    for number, term in enumerate(terms):
        places = stretch.places(forms(term[0]))
        for step, word in enumerate(term[1:], 1):
            if len(places):
                places = np.intersect1d(places, stretch.places(forms(word)) - step, assume_unique=True)
        if len(places):
            yield number, np.unique(np.searchsorted(stretch.starts, places, side="right") - 1)


class _Stretch:
    """One stretch of an index; only the places that are asked for are read."""

    def __init__(self, base: Path) -> None:
        import pyarrow.parquet as pq

        table = pq.read_table(base.with_name(base.name + ".words.parquet"))
        lengths = table.column("places").to_numpy()
        ends = np.cumsum(lengths)
        listed = table.column("word").to_pylist()
        self._spans = dict(zip(listed, zip((ends - lengths).tolist(), ends.tolist(), strict=True), strict=True))
        self._places = np.load(base.with_name(base.name + ".places.npy"), mmap_mode="r", allow_pickle=False)
        self.starts = np.load(base.with_name(base.name + ".captions.npy"), allow_pickle=False)

    def places(self, forms: Iterable[str]) -> IntArray:
        """Return the places of some words together, in rising order."""
        spans = [self._spans[form] for form in forms if form in self._spans]
        found = [np.asarray(self._places[start:end], np.int64) for start, end in spans]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *found]))
