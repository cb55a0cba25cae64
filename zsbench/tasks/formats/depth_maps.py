"""Predicted depth maps: `.npz` with an array a frame, or a file a frame; `maps` writes and reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from zsbench.core.lazy import np
from zsbench.tasks.formats import maps
from zsbench.tasks.formats.format import Format


@dataclass(frozen=True)
class DepthMaps(Format):
    """Depth in metres, (height, width) a frame.

    Attributes
    ----------
    scale : what a 16-bit `.png` counts in a metre.
    """

    scale: float = 1000.0
    suffixes: ClassVar[tuple[str, ...]] = (".npz", ".npy", ".png")

    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Write `.npz`, one array a frame."""
        maps.write([item.id for item in items], predictions, path)

    def append(self, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Add the maps that a file of maps in progress lacks."""
        maps.append([item.id for item in items], predictions, path)

    def read(self, path: Path, items: Sequence[Any]) -> dict[str, Any]:
        """Read `.npz`, one `<id>.npy`, or one 16-bit `<id>.png`."""
        return maps.read(path, [item.id for item in items], self.scale)

    def preview(self, prediction: Any) -> str:
        """Return the median depth."""
        middle = float(np.median(prediction))
        return f"median {middle:.3f} m" if math.isfinite(middle) else ""
