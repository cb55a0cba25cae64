"""Video-text models (X-CLIP): the model's own logits of every view, with text features made for each video.

Source: Ni et al. 2022, arXiv:2208.02816, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.core.lazy import FloatArray, np
from zsbench.methods.video import Clips, VideoProblem, VideoRule
from zsbench.models.capabilities import VideoTextScorer


@method(family="video", needs=(VideoTextScorer,))
def video_text() -> VideoRule:
    """Score every view against every class; several templates average their logits."""

    def build(model: VideoTextScorer, problem: VideoProblem) -> Any:
        problem.require_own_scale("video-text")
        texts = [text for prompts in problem.prompts for text in prompts]
        n_classes = len(problem.prompts)

        def score(clips: Sequence[Clips]) -> FloatArray:
            logits = model.score_videos([view for clip in clips for view in clip.views], texts)
            return np.asarray(logits.reshape(len(clips), -1, n_classes, len(texts) // n_classes).mean(axis=-1))

        return score

    return build
