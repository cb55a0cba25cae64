"""The keys that name images for methods that learn: labelled ones to learn from or to choose with, others without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from zsbench.config.blocks import Block
from zsbench.config.companions import Requires
from zsbench.config.options import Count, Natural, Seed
from zsbench.core.lazy import BoolArray
from zsbench.data.class_join import Classes
from zsbench.data.images.items import ImageItem, ImageSet, drop_broken
from zsbench.methods.classification import Labelled
from zsbench.tasks.classification._class_splits import Halves, labelled
from zsbench.tasks.classification.classes import NamedClasses
from zsbench.tasks.frequency import Counted


class FurtherData(NamedClasses, Counted):
    """Keys that name further data.

    `support`, `validation` and `unlabeled` are data blocks like `data`, for methods that use them; `shots` keeps that
    many support images a class, drawn with `support_seed`. Up to `max_bad_items` broken images are left out, counted.
    """

    data_keys: ClassVar[tuple[str, ...]] = ("support", "validation", "unlabeled")
    requires: ClassVar[tuple[Requires, ...]] = (("shots", "support"), ("support_seed", "shots"))

    support: Any = None
    shots: Count | None = None
    support_seed: Seed = 1
    validation: Any = None
    unlabeled: Any = None
    max_bad_items: Natural = 0

    def further(
        self, halves: Halves, classes: Classes, unseen: BoolArray | None, test: Sequence[ImageItem], source: Block
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """Return what a `Problem` holds of further data, by field, and what was left out or odd, counted by name.

        Parameters
        ----------
        halves, unseen : the classes that have labels.
        classes : the task's classes, which the labels are joined with.
        test, source : the test images, none of which should be learnt from, and where they come from.
        """
        sources = self.sources()
        fields: dict[str, Any] = {}
        counts: dict[str, int] = {}
        for key in ("support", "validation"):
            if key in sources:
                images = self._labelled_images(key, classes, counts)
                shots = self.shots if key == "support" else None
                fields[key] = labelled(images, sources[key], halves, shots, self.support_seed, unseen, test)
        validation: Labelled | None = fields.get("validation")
        if validation is not None and sources["validation"].described() == source.described():
            fields["validation"] = replace(validation, split="test")
        if "unlabeled" in sources:
            fields["unlabeled"] = self._images("unlabeled", counts).items
        if halves.half == "new":
            fields["support_names"] = halves.base_names
        return fields, counts

    def _labelled_images(self, key: str, classes: Classes, counts: dict[str, int]) -> ImageSet:
        """Return the images of a block, their labels numbers of the task's classes."""
        block, images = self.sources()[key], self._images(key, counts)
        images = replace(images, labels=self.join_further(classes, images, block))
        if strangers := self.strangers(classes, images):
            counts[f"{key}: classes of other names, joined by place"] = strangers
        return images

    def _images(self, key: str, counts: dict[str, int]) -> ImageSet:
        """Return the sound images of a block; what the source counts and what is broken is added to `counts`."""
        block = self.sources()[key]
        images, broken = drop_broken(block.build(), self.max_bad_items, block.where)
        counts.update({f"{key}: {name}": n for name, n in {**images.counts, **broken}.items()})
        return images
