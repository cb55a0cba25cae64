"""Greys of more than 8 bits as 8-bit ones: the range that a file declares becomes 0 to 255, and nothing is clipped.

    grey = round(255 (v - low) / (top - low))

low, top: TIFF's SMinSampleValue and SMaxSampleValue where they are there; else 0 and 2^bits - 1 for unsigned greys of
up to 16 bits (PNG, PGM, TIFF). Signed, 32-bit and float greys without these tags have no known range.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from zsbench.core.lazy import np

if TYPE_CHECKING:
    from PIL.Image import Image


def deep(image: Image) -> bool:
    """Return whether an image holds greys of more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def scaled(image: Image) -> Image:
    """Return a deep image as RGB.

    Raises
    ------
    ValueError
        Its range is not declared, or a value lies outside of it.
    """
    from PIL import Image

    low, top = _declared_range(image)
    values = np.asarray(image)
    if not ((values >= low) & (values <= top)).all():
        raise ValueError(f"values outside of the declared range {low:g} to {top:g}")
    if values.dtype.kind == "f":
        grey = np.rint((values.astype(np.float64) - low) * (255 / (top - low)))
    else:
        # Whole numbers, so that v * 257 gives v again; halves go up.
        span = int(top - low)
        grey = ((values.astype(np.int64) - int(low)) * 255 + span // 2) // span
    if getattr(image, "tag_v2", {}).get(262) == 0:
        # TIFF's WhiteIsZero, which Pillow applies to 8-bit greys only.
        grey = 255 - grey
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")


def _declared_range(image: Image) -> tuple[float, float]:
    """Return the lowest and the highest value that a grey image of more than 8 bits can have."""
    tags: Any = getattr(image, "tag_v2", {})
    low, top = (tags.get(tag) for tag in (340, 341))
    if low is not None and top is not None:
        low, top = (float(value[0] if isinstance(value, tuple) else value) for value in (low, top))
        if low < top and math.isfinite(top - low):
            return low, top
    if image.mode.startswith("I;16"):
        bits = tags.get(258, (16,))
        return 0.0, float(2 ** (bits[0] if isinstance(bits, tuple) else bits) - 1)
    if image.mode == "I" and image.format in ("PNG", "PPM"):
        # Pillow below 11 opens 16-bit PNG files so; of PGM files it scales every range to 16 bits.
        return 0.0, 65535.0
    kind = "float" if image.mode == "F" else "32-bit or signed"
    raise ValueError(f"{kind} greys whose range is not declared: SMinSampleValue and SMaxSampleValue in a TIFF file do")
