"""The model's depth as it is: what its own post-processing returns at the image's size."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.config.components import method
from zsbench.data.frames.frames import Frame
from zsbench.methods.depth import DepthRule, Maps
from zsbench.models.capabilities import DepthEstimator


@method(family="depth", needs=(DepthEstimator,))
def predicted_depth(*, canonical_as_metres: bool = False) -> DepthRule:  # noqa: ARG001 - the task asks for it
    """Take the prediction as metres (or as disparity, for a task aligned with `lsq_disparity`).

    Parameters
    ----------
    canonical_as_metres : allow a model that predicts canonical depth without alignment, to see what the canonical
        camera is worth.
    """

    def predict(model: DepthEstimator, frames: Sequence[Frame]) -> Maps:
        return model.predict_depth([frame.rgb() for frame in frames])

    return predict
