"""Rules that classify videos: view logits for a few videos at a time, fused by the task.

A method file returns a `VideoRule`: `rule(model, problem) -> score`, and `score(clips) -> (n_videos, n_views,
n_classes)` logits, one `Clips` a video.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np


@dataclass(frozen=True)
class Clips:
    """One video as a rule sees it.

    Attributes
    ----------
    id : the video's.
    views : prepared frames of each view.
    logits : (n_views, n_classes) when they were computed elsewhere, else None.
    """

    id: str
    views: Sequence[Sequence[Any]]
    logits: FloatArray | None = None


@dataclass(frozen=True)
class VideoProblem:
    """Class names in label order, the prompts of each class, and the factor on cosines; None for the model's own."""

    class_names: list[str]
    prompts: list[list[str]]
    logit_scale: float | None = None

    def require_own_scale(self, method: str) -> None:
        """Refuse a factor that a method whose logits come as they are could not use."""
        if self.logit_scale is not None:
            found = f"{method}: `logit_scale:` in the task, and these logits are no cosines times a factor"
            raise UserError("", found, "no `logit_scale:`, or mean-frames")


VideoRule = Callable[[Any, VideoProblem], Callable[[Sequence[Clips]], Any]]


def frame_numbers(n_frames: int, n: int, *, clip: int = 0, n_clips: int = 1) -> list[int]:
    """Return the numbers of n frames, one from each of n equal parts of the video: its middle for a single clip.

        index(i) = floor( (i + (clip + 1/2) / n_clips) * n_frames / n ) mod n_frames

    Source: Ni et al. 2022, arXiv:2208.02816 (one clip, as in its tests); more clips are spread evenly over each part.

    Raises
    ------
    ValueError
        The video has no frames.
    """
    if n_frames < 1:
        raise ValueError("a video without frames")
    shift = 2 * clip + 1
    return [((2 * n_clips * i + shift) * n_frames // (2 * n_clips * n)) % n_frames for i in range(n)]


def fuse(view_logits: Any) -> FloatArray:
    """Return (n_videos, n_classes), the sum over views of the softmax of (n_videos, n_views, n_classes) logits."""
    from zsbench.methods.classification import softmax

    return np.asarray(softmax(view_logits).sum(axis=1))
