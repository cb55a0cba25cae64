"""Images on disk or in memory, opened when they are needed, with labels and class names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.core.ahead import ahead
from zsbench.core.errors import RunError, UserError
from zsbench.data.clusters import taken
from zsbench.data.images import imagefiles
from zsbench.data.images.decoding import Decoding
from zsbench.data.images.imagefiles import BrokenImage

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class ImageItem:
    """One image: `read()` gives the encoded file's bytes, `decoding` says how they become pixels."""

    id: str
    read: Callable[[], bytes] = field(repr=False, compare=False)
    decoding: Decoding = field(default=Decoding(), repr=False, compare=False)

    def digest(self) -> str:
        """Return the digest of the encoded bytes and of what is done to them beyond decoding."""
        return self._facts[0]

    def traits(self) -> list[str]:
        """Return the counts that this image belongs to: turned, transparent, scaled; the bytes are read once."""
        return self._facts[1]

    @cached_property
    def _facts(self) -> tuple[str, list[str]]:
        data = self._bytes()
        traits = imagefiles.traits(data, self.decoding)
        return imagefiles.digest(data, traits), traits

    def open(self) -> Image:
        """Return the image, RGB.

        Raises
        ------
        RunError
            The file is missing or no image; its name is in the message.
        """
        return imagefiles.open_image(self._bytes(), self.id, self.decoding)

    def _bytes(self) -> bytes:
        try:
            return self.read()
        except OSError as error:
            raise BrokenImage(self.id, f"cannot be read ({error.strerror or error})", "an image file") from None


@dataclass
class ImageSet:
    """Images, 0-based labels (lists of them if an image has several), and what else the data may bring.

    Attributes
    ----------
    class_names, templates : in label order; prompt templates.
    groups : the name of each image's group (a region, an income class), for accuracy by group.
    clusters : the name of what each image comes from (a video, a patient), where several come from one.
    width : number of classes that 0/1 vectors of labels tell apart, or None where labels are no vectors.
    counts : what the source left out, by name.
    """

    items: Sequence[Any]
    labels: Sequence[Any]
    class_names: list[str] | None = None
    templates: list[str] | None = None
    groups: Sequence[str] | None = None
    width: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    clusters: Sequence[str] | None = None

    def take(self, numbers: Sequence[int]) -> ImageSet:
        """Return the images of these numbers, in this order."""
        groups = None if self.groups is None else [self.groups[i] for i in numbers]
        clusters = taken(self.clusters, numbers, len(self.items))
        items, labels = [self.items[i] for i in numbers], [self.labels[i] for i in numbers]
        return replace(self, items=items, labels=labels, groups=groups, clusters=clusters)


def from_path(path: Path, name: str, decoding: Decoding = Decoding()) -> ImageItem:
    """Return the item for an image file."""
    return ImageItem(name, path.read_bytes, decoding)


def count_traits(items: Iterable[Any]) -> dict[str, int]:
    """Return how many items were turned, scaled or lost an alpha channel, by name; other things than images count 0."""
    return dict(Counter(name for item in items if hasattr(item, "traits") for name in item.traits()))


def drop_broken(images: ImageSet, allowed: int, where: str) -> tuple[ImageSet, dict[str, int]]:
    """Return the images that can be decoded, and how many were left out, by name.

    With `allowed=0` nothing is decoded here: the run stops at the first broken image with its path.

    Raises
    ------
    UserError
        More than `allowed` images are broken; the message names the first ones.
    """
    if not allowed:
        return images, {}
    with ahead(_problem, images.items) as problems:
        problem_of = [
            problem for start in range(0, len(images.items), 256) for problem in problems[start : start + 256]
        ]
    broken = [problem for problem in problem_of if problem]
    if len(broken) > allowed:
        raise UserError(where, f"{len(broken)} broken images ({'; '.join(broken[:3])})", f"at most {allowed}")
    if not broken:
        return images, {}
    names = [problem.split(":")[0] for problem in broken[:3]] + ["..."] * (len(broken) > 3)
    sound = images.take([i for i, problem in enumerate(problem_of) if not problem])
    return sound, {f"broken images left out ({', '.join(names)})": len(broken)}


def _problem(item: Any) -> str:
    try:
        item.open()
    except RunError as error:
        return str(error)
    return ""
