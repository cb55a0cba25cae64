"""View logits that were computed elsewhere: only the fusion over views is done here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.core.errors import RunError
from zsbench.core.lazy import FloatArray, np
from zsbench.methods.video import Clips, VideoProblem, VideoRule


@method(family="video", uses=("logits computed elsewhere",))
def given_logits() -> VideoRule:
    """Pass the logits of a `view-logits` data source on."""

    def build(_model: Any, problem: VideoProblem) -> Any:
        problem.require_own_scale("given-logits")

        def score(clips: Sequence[Clips]) -> FloatArray:
            for clip in clips:
                if clip.logits is None or clip.logits.shape[-1] != len(problem.class_names):
                    found = "no logits" if clip.logits is None else f"logits {clip.logits.shape}"
                    raise RunError(clip.id, found, f"(n_views, {len(problem.class_names)}) from `source: view-logits`")
            return np.stack([clip.logits for clip in clips if clip.logits is not None])

        return score

    return build
