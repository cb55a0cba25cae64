"""Tags of images: which image shows which concept, by the probabilities that a tagger gave.

A file has a row for each tag of an image: columns `id` (the caption's id), `tag`, `probability` (0 to 1), as .parquet,
.csv, .tsv or .jsonl. An image shows a concept when a tag with the concept's name, or one of its synonyms, is more
probable than the threshold; names are compared as `exact` compares them. The paper's tagger is RAM++, with 0.7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from zsbench.analysis.frequency.counting import words
from zsbench.core import tablefiles
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.core.lazy import BoolArray, IntArray, np

COLUMNS = ("id", "tag", "probability")
THRESHOLD = 0.7


class ImageTags:
    """Images with the concepts they show, each pair once.

    Parameters
    ----------
    pairs : (id of an image, number of a concept).

    Attributes
    ----------
    ids : images that show a concept, with a number each.
    counts : (n_concepts,), images that show a concept.
    """

    def __init__(self, pairs: Iterable[tuple[str, int]], n_concepts: int) -> None:
        self.n_concepts = n_concepts
        self.ids: dict[str, int] = {}
        keys = (self.ids.setdefault(key, len(self.ids)) * n_concepts + concept for key, concept in pairs)
        self._pairs: IntArray = np.unique(np.fromiter(keys, np.int64))
        self.counts: IntArray = np.bincount(self._pairs % max(n_concepts, 1), minlength=n_concepts)

    def numbers(self, ids: Sequence[str]) -> IntArray:
        """Return the number of each image, -1 for one that shows no concept."""
        return np.fromiter((self.ids.get(key, -1) for key in ids), np.int64, len(ids))

    def has(self, images: IntArray, concepts: IntArray) -> BoolArray:
        """Return whether an image shows a concept, for each pair of numbers."""
        keys = images * self.n_concepts + concepts
        at = np.minimum(np.searchsorted(self._pairs, keys), max(len(self._pairs) - 1, 0))
        return self._pairs[at] == keys if len(self._pairs) else np.zeros(len(keys), bool)


def read_tags(
    paths: Sequence[Path], names: dict[str, list[str]], threshold: float = THRESHOLD
) -> tuple[ImageTags, dict[str, int]]:
    """Return the tags of files, and how many rows were left out: below the threshold, or the name of no concept.

    Parameters
    ----------
    names : {concept: names}.

    Raises
    ------
    UserError
        A column is missing, a probability is none, no tag is a concept.
    """
    numbers: dict[str, list[int]] = {}
    for number, (concept, own) in enumerate(names.items()):
        for key in {_key(name) for name in (concept, *own)}:
            numbers.setdefault(key, []).append(number)
    left_out: Counter[str] = Counter()
    known: dict[str, list[int]] = {}
    pairs: list[tuple[str, int]] = []
    for path in paths:
        for row in tablefiles.read(path, COLUMNS):
            tag = row["tag"]
            if tag not in known:
                known[tag] = numbers.get(_key(tag), [])
            if not _probability(row) > threshold:
                left_out["tags at or below the threshold"] += 1
            elif not known[tag]:
                left_out["tags that are no concept"] += 1
            else:
                pairs += [(row["id"], number) for number in known[tag]]
    if not any(known.values()):
        tag = next(iter(known))
        hint = did_you_mean(tag, names)
        raise UserError(shown(paths[0]), f"no tag is one of the {len(names)} concepts ('{tag}' is not)", "", hint)
    return ImageTags(pairs, len(names)), dict(left_out)


def _key(name: str) -> str:
    return " ".join(words.of_text(name, "plain"))


def _probability(row: tablefiles.Row) -> float:
    try:
        value = float(row["probability"])
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UserError(row.place, f"probability '{row['probability']}'", "a number from 0 to 1")
    return value
