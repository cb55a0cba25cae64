"""CLIP on frames: the mean of a view's normalised frame features against the classes' prompts.

    v      = normalise( mean_t normalise( image(frame_t) ) )            (n_views, width)
    logits = s * v . w_c,   w_c as in prompt-ensemble                   (n_views, n_classes)

s is the model's own exp(logit_scale), or the task's `logit_scale`: the softmax of each view is taken at it.

Source: the CLIP baseline of Ni et al. 2022, arXiv:2208.02816, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.core.lazy import FloatArray, np
from zsbench.methods.classification import normalise
from zsbench.methods.classification.prompt_ensemble import ensemble
from zsbench.methods.video import Clips, VideoProblem, VideoRule
from zsbench.models.capabilities import ImageTextEncoder


@method(family="video", needs=(ImageTextEncoder,))
def mean_frames() -> VideoRule:
    """Average frames, then compare as an image."""

    def build(model: ImageTextEncoder, problem: VideoProblem) -> Any:
        texts = model.encode_texts([text for prompts in problem.prompts for text in prompts])
        scale = model.logit_scale if problem.logit_scale is None else problem.logit_scale
        weights = ensemble(texts.reshape(len(problem.prompts), -1, texts.shape[1]))

        def score(clips: Sequence[Clips]) -> FloatArray:
            views = [view for clip in clips for view in clip.views]
            frames = normalise(model.encode_images([f for view in views for f in view]), what="frame features")
            ends = np.cumsum([len(view) for view in views])[:-1]
            means = normalise(np.stack([view.mean(axis=0) for view in np.split(frames, ends)]), what="videos")
            return np.asarray(scale * means @ weights.T).reshape(len(clips), -1, len(weights))

        return score

    return build
