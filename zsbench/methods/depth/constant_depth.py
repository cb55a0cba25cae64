"""The same depth at every pixel: the baseline that knows a typical distance and no image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import Positive
from zsbench.core.lazy import np
from zsbench.data.frames.frames import Frame
from zsbench.methods.depth import DepthRule, Maps


@method(family="depth", uses=("the median depth of a training set",))
def constant_depth(*, metres: Positive) -> DepthRule:
    """Answer `metres` at every pixel."""

    def predict(_model: Any, frames: Sequence[Frame]) -> Maps:
        return [np.full(frame.rgb().shape[:2], metres, dtype=np.float32) for frame in frames]

    return predict
