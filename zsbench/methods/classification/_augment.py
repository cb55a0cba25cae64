"""Random views of an image as items of their own: a crop (of half to all of its area), mirrored half the time.

A view depends on the image's id and its own number only, so order, batches and workers change nothing.

    area ~ U(*scale) of the image, log(width / height) ~ U(log 3/4, log 4/3), resized to a square (bicubic)

Source: the training transform of Zhang et al. 2022, arXiv:2207.09519 (RandomResizedCrop and horizontal flip).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import np

if TYPE_CHECKING:
    from PIL.Image import Image

# Raised when a view changes, so that no older feature is ever mixed in.
VERSION = "1"
SIZE = 224
SCALE = (0.5, 1.0)
RATIO = (3 / 4, 4 / 3)


@dataclass(frozen=True)
class View:
    """View number `number` of an image item; it answers as an image item does."""

    item: Any
    number: int
    scale: tuple[float, float] = SCALE

    @property
    def id(self) -> str:
        """The image's id and the view's number."""
        return f"{self.item.id}#view{self.number}"

    def digest(self) -> str:
        """Return the digest of the image and of everything the view depends on."""
        parts = (VERSION, self.id, self.item.digest(), SIZE, self.scale, RATIO)
        return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()

    def open(self) -> Image:
        """Return the view, `SIZE` pixels wide and high.

        Raises
        ------
        UserError
            The item holds a feature vector, no image.
        """
        from PIL import Image, ImageOps

        seed = hashlib.blake2b(self.id.encode(), digest_size=16).digest()
        generator = np.random.default_rng(int.from_bytes(seed, "little"))
        image: Image.Image = self.item.open()
        if not isinstance(image, Image.Image):
            raise UserError(self.item.id, "a feature vector, of which there are no views", "`augment: 1`, or images")
        box = crop_box(image.width, image.height, generator, self.scale)
        view = image.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=box)
        return ImageOps.mirror(view) if generator.random() < 0.5 else view


def views(item: Any, n: int, scale: tuple[float, float] = SCALE) -> list[View]:
    """Return `n` views of an image item, crops of `scale` of its area."""
    return [View(item, number, scale) for number in range(n)]


def crop_box(
    width: int, height: int, generator: np.random.Generator, scale: tuple[float, float] = SCALE
) -> tuple[int, int, int, int]:
    """Return a random crop (left, upper, right, lower) in pixels.

    When ten draws do not fit in the image, the crop is its middle, as much of it as `RATIO` allows.
    """
    for _ in range(10):
        area = width * height * generator.uniform(*scale)
        ratio = math.exp(generator.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            left, upper = int(generator.integers(width - w + 1)), int(generator.integers(height - h + 1))
            return left, upper, left + w, upper + h
    w, h = min(width, max(1, round(height * RATIO[1]))), min(height, max(1, round(width / RATIO[0])))
    left, upper = (width - w) // 2, (height - h) // 2
    return left, upper, left + w, upper + h
