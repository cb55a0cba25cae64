"""Images with captions, read from any format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zsbench.core.errors import UserError


@dataclass
class CaptionedImages:
    """Images and, aligned, the captions of each, whose number may differ; `counts` says what was left out.

    `clusters` names what each image comes from where several come from one thing (a product, a video).
    """

    items: Sequence[Any]
    captions: Sequence[Sequence[str]]
    counts: dict[str, int] = field(default_factory=dict)
    clusters: Sequence[str] | None = None


def checked(images: CaptionedImages, where: str) -> CaptionedImages:
    """Return the images when each has a caption.

    Raises
    ------
    UserError
        No images, or an image without caption.
    """
    if not images.items:
        raise UserError(where, "no images")
    bare = next((item.id for item, texts in zip(images.items, images.captions, strict=True) if not texts), None)
    if bare is not None:
        raise UserError(where, f"image '{bare}' has no caption", "at least one caption an image")
    return images
