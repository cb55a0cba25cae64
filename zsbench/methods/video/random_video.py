"""Random logits: the chance baseline of video classification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import Seed
from zsbench.core.lazy import FloatArray, np
from zsbench.methods.video import Clips, VideoProblem, VideoRule


@method(family="video")
def random_video(*, seed: Seed = 0) -> VideoRule:
    """Draw logits that depend on the seed and the video's id only, never on order or batch."""

    def build(_model: Any, problem: VideoProblem) -> Any:
        def score(clips: Sequence[Clips]) -> FloatArray:
            n = len(problem.class_names)
            draws = [np.random.default_rng(list(f"{seed}:{clip.id}".encode())).random(n) for clip in clips]
            return np.asarray(draws, dtype=np.float32)[:, None]

        return score

    return build
