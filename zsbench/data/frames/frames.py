"""RGB frames with ground-truth depth and camera intrinsics, read when needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, NDArray, np
from zsbench.core.yamlio import shown
from zsbench.data.images.decoding import Decoding
from zsbench.data.images.imagefiles import FORMATS
from zsbench.data.images.items import ImageItem, from_path

Intrinsics = tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """One image with its camera: fx, fy, cx, cy in pixels of that image, or None when unknown."""

    id: str
    rgb_path: Path
    intrinsics: Intrinsics | None
    decoding: Decoding = field(default=Decoding(), repr=False)

    @cached_property
    def _image(self) -> ImageItem:
        return from_path(self.rgb_path, shown(self.rgb_path), self.decoding)

    def rgb(self) -> NDArray[np.uint8]:
        """Return the image (height, width, 3), RGB."""
        return np.asarray(self._image.open())

    def digest(self) -> str:
        """Return the digest of the image."""
        return self._image.digest()

    def traits(self) -> list[str]:
        """Return the counts that the image belongs to: turned, transparent, scaled."""
        return self._image.traits()


@dataclass(frozen=True)
class DepthFile:
    """Ground truth as a file: 16-bit PNG in units of 1/scale metres, or .npy in metres times scale."""

    path: Path
    scale: float

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(height, width), read once from the file's head alone.

        Raises
        ------
        UserError
            The file is no depth map.
        """
        with _opened(self.path, "r") as raw:
            return _checked(raw, shown(self.path))

    def metres(self) -> FloatArray:
        """Return depth (height, width) in metres; 0 where nothing was measured."""
        return read_depth(self.path, self.scale)


@dataclass
class FrameSet:
    """Frames and their ground truth, aligned; `counts` says by name what found no partner.

    `clusters` names the drive or scene of each frame, where several are of one.
    """

    items: Sequence[Frame]
    depth: Sequence[DepthFile]
    counts: dict[str, int] = field(default_factory=dict)
    clusters: Sequence[str] | None = None


def read_depth(path: Path, scale: float = 1.0) -> FloatArray:
    """Return a depth map (height, width) from .npy (no pickles) or a one-channel image, divided by `scale`.

    Raises
    ------
    UserError
        The file is missing, unreadable, not two-dimensional, or a picture of 256 grey levels.
    """
    with _opened(path) as raw:
        _checked(raw, shown(path))
        metres: FloatArray = np.asarray(raw, dtype=np.float32) / np.float32(scale)
    return metres


def require_numbers(dtype: Any, where: str) -> None:
    """Refuse an array type that cannot hold depth: texts and objects, or 8 bits a pixel.

    Raises
    ------
    UserError
        With what was found.
    """
    if dtype.kind not in "fiu":
        raise UserError(where, f"a depth map of type {dtype}", "numbers")
    if dtype.itemsize == 1:
        hint = "a picture stretched between its least and greatest depth has lost its unit"
        raise UserError(where, "8 bits a pixel are no depth map", "a 16-bit PNG, or .npy in metres", hint)


def _checked(raw: Any, where: str) -> tuple[int, int]:
    """Return (height, width) of an array or a PIL image, whose pixels are not read for it."""
    if isinstance(raw, np.ndarray):
        shape, dtype = raw.shape, raw.dtype
    else:
        bands = len(raw.getbands())
        shape = (raw.height, raw.width, bands) if bands > 1 else (raw.height, raw.width)
        dtype = np.dtype(np.uint8 if raw.mode in ("1", "L", "P") else np.uint16)
    if len(shape) != 2:
        raise UserError(where, f"a depth map of shape {shape}", "(height, width), one channel")
    require_numbers(dtype, where)
    return int(shape[0]), int(shape[1])


@contextmanager
def _opened(path: Path, mode: Any = None) -> Iterator[Any]:
    """Open a .npy as an array (`mode="r"` reads no value before it is asked for) or an image as PIL has it."""
    from PIL import Image

    try:
        if path.suffix == ".npy":
            yield np.load(path, mmap_mode=mode, allow_pickle=False)
        else:
            with Image.open(path, formats=FORMATS) as image:
                yield image
    except UserError:
        raise
    except Exception as error:
        # Decoders of images raise exceptions of many kinds.
        raise UserError(shown(path), f"cannot be read as a depth map ({error})") from None
