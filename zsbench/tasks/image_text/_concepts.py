"""The keys with which a retrieval says what its images are about, and how often that stands in pretraining data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from zsbench.config.companions import Requires
from zsbench.config.options import Count, Text
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.core.lazy import np
from zsbench.data.captions.image_concepts import FEWEST_IMAGES, read_image_concepts
from zsbench.metrics.by_concept import NONE
from zsbench.metrics.rankings.retrieval import Concepts
from zsbench.tasks.frequency import Counted


class CountedConcepts(Counted):
    """Keys of frequency.

    `concepts` is JSON {image id: [concept, ...]}, as `zsbench frequency concepts` writes it from captions; those of
    fewer than `fewest_images` images are left out.
    """

    requires: ClassVar[tuple[Requires, ...]] = (
        ("concepts", "frequency"),
        ("frequency", "concepts"),
        ("fewest_images", "concepts"),
    )

    concepts: Text | None = None
    fewest_images: Count = FEWEST_IMAGES

    def files_of_concepts(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the files of counts and concepts, with their keys."""
        named = [key for key in ("frequency", "concepts") if getattr(self, key) is not None]
        return [((key,), [str(self.path(key))]) for key in named]

    def concepts_of(self, images: Sequence[str]) -> list[Concepts] | None:
        """Return the concepts of each image with their counts; None where the task names none.

        Concepts are numbered in the order of their names. One without a name, as nouns without letters leave it, is no
        concept.

        Raises
        ------
        UserError
            An image that the file lacks, no concept of so many images, or a concept without a count.
        """
        if self.concepts is None:
            return None
        path = self.path("concepts")
        listed = read_image_concepts(path)
        if lacking := [image for image in images if image not in listed]:
            found = f"no concepts of image '{lacking[0]}'"
            raise UserError(shown(path), found, "every image, if with an empty list", did_you_mean(lacking[0], listed))
        sizes = Counter(name for image in images for name in listed[image] if name)
        names = sorted(name for name, n in sizes.items() if n >= self.fewest_images)
        if not names:
            found = f"no concept of {self.fewest_images} images or more"
            raise UserError(shown(path), found, "some, or fewer `fewest_images:`")
        counts = self.counts_of(names)
        assert counts is not None  # `requires` refuses concepts without counts
        place = {name: number for number, name in enumerate(names)}
        of_images = [[place[name] for name in listed[image] if name in place] for image in images]
        rows = np.full((len(images), max(map(len, of_images))), NONE, dtype=np.int64)
        for row, numbers in zip(rows, of_images, strict=True):
            row[: len(numbers)] = numbers
        return [Concepts(row, counts) for row in rows]
