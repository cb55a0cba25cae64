"""RGB frames with ground-truth depth and camera intrinsics, read when needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zsbench.errors import RunError
from zsbench.lazy import lazy
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

Intrinsics = tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """One image with its camera: fx, fy, cx, cy in pixels of that image, or None when unknown."""

    id: str
    rgb_path: Path
    intrinsics: Intrinsics | None

    def rgb(self) -> NDArray[np.uint8]:
        """Return the image (height, width, 3), RGB."""
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(self.rgb_path) as image:
                return np.asarray(image.convert("RGB"))
        except (UnidentifiedImageError, OSError) as error:
            raise RunError(shown(self.rgb_path), f"cannot be decoded as an image ({error})") from None


@dataclass(frozen=True)
class DepthFile:
    """Ground truth as a file: 16-bit PNG in units of 1/scale metres, or .npy in metres times scale."""

    path: Path
    scale: float

    def metres(self) -> NDArray[np.float32]:
        """Return depth (height, width) in metres; 0 where nothing was measured."""
        return read_depth(self.path, self.scale)


@dataclass
class FrameSet:
    """Frames and their ground truth, aligned."""

    items: Sequence[Frame]
    depth: Sequence[DepthFile]


def read_depth(path: Path, scale: float = 1.0) -> NDArray[np.float32]:
    """Return a depth map (height, width) from .npy (no pickles) or a one-channel image, divided by `scale`.

    Raises
    ------
    RunError
        The file is missing, unreadable or not two-dimensional.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        if path.suffix == ".npy":
            raw = np.load(path, allow_pickle=False)
        else:
            with Image.open(path) as image:
                raw = np.asarray(image)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise RunError(shown(path), f"cannot be read as a depth map ({error})") from None
    if raw.ndim != 2:
        raise RunError(shown(path), f"a depth map of shape {raw.shape}", "(height, width), one channel")
    metres: NDArray[np.float32] = np.asarray(raw, dtype=np.float32) / np.float32(scale)
    return metres
