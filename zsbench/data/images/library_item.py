"""Images that a library reads and decodes in its own way, opened when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from zsbench.data.images import imagefiles
from zsbench.data.images.decoding import Decoding
from zsbench.data.images.imagefiles import BrokenImage
from zsbench.data.images.items import ImageItem

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class LibraryItem:
    """One image: `load()` gives it as the library decodes it, or the item of its file."""

    id: str
    load: Callable[[], Image | ImageItem]
    decoding: Decoding = field(default=Decoding(), repr=False, compare=False)

    def digest(self) -> str:
        """Return the digest of the decoded pixels, and of what is done to them afterwards."""
        return self._facts[0]

    def traits(self) -> list[str]:
        """Return the counts that the image belongs to."""
        return self._facts[1]

    def open(self) -> Image:
        """Return the image, RGB."""
        loaded = self._loaded()
        return loaded.open() if isinstance(loaded, ImageItem) else imagefiles.finished(loaded, self.id, self.decoding)

    @cached_property
    def _facts(self) -> tuple[str, list[str]]:
        loaded = self._loaded()
        image = loaded.open() if isinstance(loaded, ImageItem) else loaded
        traits = loaded.traits() if isinstance(loaded, ImageItem) else imagefiles.traits_of(loaded, self.decoding)
        pixels = f"{image.mode}:{image.size}".encode() + image.tobytes()
        # A file that was turned has other pixels already.
        return imagefiles.digest(pixels, traits if loaded is image else []), traits

    def _loaded(self) -> Image | ImageItem:
        try:
            return self.load()
        except Exception as error:
            # Each class decodes in its own way, with whatever exceptions its decoder has.
            raise BrokenImage(self.id, f"cannot be decoded as an image ({error})") from None
