"""Pictures of items as small files: each is made once and used again by every later report over the same data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.core.drawing import Map, Picture
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.report.html.folder import quickly

SIDE = 224
"""Pixels of the longer side."""
# Up to this size a picture is kept as it is: eight pixels of a digit say nothing once they are blurred.
_TINY = 64

TONES = {
    "value": ((48, 27, 84), (43, 90, 142), (38, 143, 139), (120, 196, 106), (249, 231, 115)),
    "error": ((244, 241, 234), (244, 196, 128), (214, 100, 64), (110, 18, 44)),
}
"""Colours from low to high, at equal distances."""


class NoPicture(Exception):
    """A picture cannot be made; the message says why."""


def write_picture(part: Picture | Map, path: Path) -> None:
    """Write a part as WebP unless it is there already.

    Raises
    ------
    NoPicture
        The image or the map cannot be read.
    """
    if path.is_file():
        return
    try:
        image = part.open() if isinstance(part, Picture) else coloured(part)
    except UserError as error:
        raise NoPicture(f"{error.found}") from None
    except Exception as error:  # decoders and task types of others raise exceptions of any kind
        raise NoPicture(f"{type(error).__name__}: {error}") from error
    exact = isinstance(part, Map) or max(image.size) <= _TINY
    image.thumbnail((SIDE, SIDE))
    with quickly(path) as temporary:
        image.save(temporary, "WEBP", quality=78, method=1, lossless=exact, exact=False)


def coloured(part: Map) -> Any:
    """Return a map as an image: `low` to `high` in the colours of its tone, NaN transparent."""
    from PIL import Image

    values = np.asarray(part.values(), dtype=np.float64)
    span = (part.high - part.low) or 1.0
    known = np.isfinite(values)
    place = np.clip((np.where(known, values, part.low) - part.low) / span, 0, 1)
    anchors = np.asarray(TONES[part.tone], dtype=np.float64)
    at = np.linspace(0, 1, len(anchors))
    channels = [np.interp(place, at, anchors[:, k]) for k in range(3)]
    pixels = np.stack([*channels, np.where(known, 255.0, 0.0)], axis=-1).round().astype(np.uint8)
    return Image.fromarray(pixels, "RGBA")
