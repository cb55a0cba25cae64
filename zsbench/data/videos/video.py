"""Videos whose frames are decoded when they are needed, with labels and class names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Video:
    """One video.

    Attributes
    ----------
    length : returns the number of frames.
    frames : returns the frames of the given numbers, in their order, repeats allowed.
    identity : text that changes with the content.
    logits : (n_views, n_classes) when a model judged the views elsewhere, else None.
    traits : returns the counts that its frames belong to (turned, transparent, scaled), one entry a frame.
    """

    id: str
    length: Callable[[], int] = field(repr=False, compare=False)
    frames: Callable[[Sequence[int]], list[Image]] = field(repr=False, compare=False)
    identity: Callable[[], str] = field(repr=False, compare=False)
    logits: Any = field(default=None, repr=False, compare=False)
    traits: Callable[[], list[str]] = field(default=list, repr=False, compare=False)

    def digest(self) -> str:
        """Return the digest of the content."""
        return hashlib.blake2b(self.identity().encode(), digest_size=16).hexdigest()


@dataclass
class VideoSet:
    """Videos with 0-based labels and, where known, class names in label order; `counts` says what was left out.

    `clusters` names the recording that each video is cut from, where several are of one.
    """

    items: Sequence[Video]
    labels: Sequence[int]
    class_names: list[str] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    clusters: Sequence[str] | None = None
