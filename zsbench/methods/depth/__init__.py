"""Depth rules: from frames to maps in metres.

A method file returns a `DepthRule`, called as `rule(model, frames)` with a batch of frames; it answers with one map
(height, width) a frame, at the frame's own size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.lazy import FloatArray
from zsbench.data.frames.frames import Frame

Maps = list[FloatArray]
DepthRule = Callable[[Any, Sequence[Frame]], Maps]
