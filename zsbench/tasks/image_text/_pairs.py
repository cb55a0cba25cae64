"""Images, their captions, and the two galleries they make: captions look through images, images through captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zsbench.core.lazy import IntArray, np


@dataclass(frozen=True)
class Query:
    """A caption or an image that looks for the other."""

    id: str
    kind: str
    number: int
    """Among the captions or among the images."""
    fold: int


@dataclass(frozen=True, eq=False)
class Pairs:
    """Images and all their captions, each numbered in order.

    Attributes
    ----------
    items, captions : the images, and the captions of one after those of another.
    owner : the image of each caption, (n_captions,), ascending.
    folds : the fold of each image, (n_images,), ascending; queries look through their own fold alone.
    """

    items: Sequence[Any]
    captions: Sequence[str]
    owner: IntArray
    folds: IntArray

    @classmethod
    def of(cls, items: Sequence[Any], captions: Sequence[Sequence[str]], *, folds: int) -> Pairs:
        """Return the pairs of images and the captions of each, in `folds` galleries of consecutive images."""
        owner = np.repeat(np.arange(len(items)), [len(texts) for texts in captions])
        return cls(items, [text for texts in captions for text in texts], owner, _folds(len(items), folds))

    @cached_property
    def ids(self) -> dict[str, list[str]]:
        """The ids of images and of captions by kind: `<image id>#<number>` is a caption."""
        images = [item.id for item in self.items]
        within = np.arange(len(self.owner)) - np.searchsorted(self.owner, self.owner)
        texts = [f"{images[i]}#{k}" for i, k in zip(self.owner.tolist(), within.tolist(), strict=True)]
        return {"text": texts, "image": images}

    @cached_property
    def places(self) -> dict[str, dict[str, int]]:
        """The number of each id, by kind."""
        return {kind: {key: number for number, key in enumerate(ids)} for kind, ids in self.ids.items()}

    def folds_of(self, kind: str) -> IntArray:
        """Return the fold of each image or caption."""
        return self.folds[self.owner] if kind == "text" else self.folds

    def gallery(self, kind: str, fold: int) -> IntArray:
        """Return the numbers of all images or captions of a fold, which follow each other."""
        return np.flatnonzero(self.folds_of(kind) == fold)

    def queries(self) -> list[Query]:
        """Return the captions, then the images."""
        return [
            Query(key, kind, number, fold)
            for kind, ids in self.ids.items()
            for number, (key, fold) in enumerate(zip(ids, self.folds_of(kind).tolist(), strict=True))
        ]

    def positives(self, kind: str, numbers: IntArray) -> tuple[IntArray, IntArray]:
        """Return what queries of a kind look for, as (place among `numbers`, number in the other kind's gallery)."""
        if kind == "text":
            return np.arange(len(numbers)), self.owner[numbers]
        starts, stops = (np.searchsorted(self.owner, numbers, side=side) for side in ("left", "right"))
        rows = np.repeat(np.arange(len(numbers)), stops - starts)
        within = np.arange(len(rows)) - np.searchsorted(rows, rows)
        return rows, starts[rows] + within


def other(kind: str) -> str:
    """Return the kind of what queries of a kind look for."""
    return "image" if kind == "text" else "text"


def _folds(n: int, folds: int) -> IntArray:
    return np.arange(n) * folds // n
