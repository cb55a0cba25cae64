"""Splits of classes and support images: base and new halves, unseen classes, a few shots a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from zsbench.config.blocks import Block
from zsbench.config.components import Strict
from zsbench.config.options import ProperShare, Seed
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import BoolArray, np
from zsbench.data.class_names import plain
from zsbench.data.images.items import ImageSet
from zsbench.methods.classification import Labelled
from zsbench.tasks.base import read_names, require_unique
from zsbench.tasks.classification.shots import draw_shots


@dataclass(frozen=True)
class Halves:
    """The classes a task asks for: all of them, the first ceil(C/2) (`base`) or the others (`new`).

    Source: the base-to-new protocol of Zhou et al. 2022, arXiv:2203.05557.
    """

    all_names: list[str]
    half: Literal["base", "new"] | None

    @property
    def n_base(self) -> int:
        """The number of base classes."""
        return -(-len(self.all_names) // 2)

    @property
    def base_names(self) -> list[str]:
        """The names of the base classes."""
        return self.all_names[: self.n_base]

    @property
    def names(self) -> list[str]:
        """The names of the classes asked for."""
        return {None: self.all_names, "base": self.base_names, "new": self.all_names[self.n_base :]}[self.half]

    def of(self, images: ImageSet) -> ImageSet:
        """Return the images of the classes asked for, labels counted from 0 again."""
        if self.half is None:
            return images
        if not all(isinstance(label, int) for label in images.labels):
            raise UserError("", "several labels an image", "one label an image for `half:`")
        start = 0 if self.half == "base" else self.n_base
        kept = [i for i, y in enumerate(images.labels) if 0 <= y - start < len(self.names)]
        half = images.take(kept)
        return replace(half, labels=[label - start for label in half.labels], class_names=self.names)


class UnseenDraw(Strict):
    """A drawn split: a share `seen` of the classes has labels, the rest has none (numpy's legacy generator)."""

    seen: ProperShare = 0.62
    seed: Seed = 0


def unseen_classes(value: Any, names: list[str], base: Path, where: str) -> BoolArray | None:
    """Return which classes have no labelled example (n_classes,), from names, a file of names or a seeded draw.

    Raises
    ------
    UserError
        A name that is no class, or a split that leaves no class seen or none unseen.
    """
    if value is None:
        return None
    if not isinstance(value, (str, list)):
        seen = np.random.RandomState(value.seed).choice(len(names), int(value.seen * len(names)), replace=False)
        unseen = ~np.isin(np.arange(len(names)), seen)
    else:
        listed = read_names(value, base, where) or []
        known = {plain(name) for name in names}
        unknown = [name for name in listed if plain(name) not in known]
        if unknown:
            hint = did_you_mean(unknown[0], names)
            raise UserError(where, f"unseen class '{unknown[0]}'", "names of the task's classes", hint)
        unseen = np.isin([plain(name) for name in names], [plain(name) for name in listed])
    if unseen.all() or not unseen.any():
        found = f"`unseen:` leaves {int((~unseen).sum())} of {len(names)} classes seen"
        raise UserError(where, found, f"1 to {len(names) - 1} classes seen")
    return unseen


def labelled(
    images: ImageSet,
    block: Block,
    halves: Halves,
    shots: int | None,
    seed: int,
    unseen: BoolArray | None = None,
    test: Sequence[Any] = (),
) -> Labelled:
    """Return a block's labelled images: of the base classes where there are halves, at most `shots` a class.

    Labels are already numbers of the task's classes; `test` are the test images, none of which should be among them.

    Raises
    ------
    UserError
        An id twice, several labels an image, or a class with fewer images than `shots`.
    """
    require_unique(images.items, block.where)
    if not all(isinstance(label, int) for label in images.labels):
        raise UserError(block.where, "several labels an image", "one label an image to learn from")
    labels = np.asarray(images.labels, dtype=np.int64)
    known = np.ones(len(halves.all_names), dtype=bool) if unseen is None else ~unseen
    if halves.half is not None:
        known = np.arange(len(halves.all_names)) < halves.n_base
    allowed = np.flatnonzero(known[labels])
    keep = allowed if shots is None else allowed[draw_shots(labels[allowed], shots, seed, block.where)]
    split = str(block.options.get("split", block.title))
    return Labelled([images.items[int(i)] for i in keep], labels[keep], split, test)
