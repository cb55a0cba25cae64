"""What is so odd about predicted depth that the table has to say it: other sizes, other units, depths below zero."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from zsbench.core.lazy import DoubleArray, np

# A prediction in another unit is off by at least this factor, one that is merely bad is not.
_OTHER_UNIT = 20
_UNITS = {1000: "millimetres", 100: "centimetres"}
# A PNG as KITTI's server wants it, 256 to the metre, read as millimetres: near enough to one to look merely bad.
_KITTI = 256 / 1000
_ENOUGH = 2000


@dataclass
class Oddities:
    """Counted frame by frame while maps are compared."""

    sizes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    empty: int = 0
    below_zero: int = 0
    ratios: list[float] = field(default_factory=list)
    rising: list[bool] = field(default_factory=list)

    def add(
        self, shape: tuple[int, ...], truth: tuple[int, ...], p: DoubleArray, compared: DoubleArray, g: DoubleArray
    ) -> None:
        """Look at one frame.

        Parameters
        ----------
        shape, truth : (height, width) of the prediction and of the ground truth.
        p, compared, g : (n_valid,) prediction before and after alignment and clamping, and ground truth.
        """
        if shape != truth:
            self.sizes[shape] += 1
        if not len(g):
            self.empty += 1
            return
        self.below_zero += bool((compared <= 0).any())
        # A doubt needs no more digits than a few thousand pixels have.
        p, g = (values[:: max(1, len(g) // _ENOUGH)] for values in (p, g))
        self.ratios.append(float(np.median(p) / np.median(g)))
        # Ranks, because disparity falls with depth along a curve; a constant neither rises nor falls.
        if np.ptp(p) and np.ptp(g):
            ranks = [np.argsort(np.argsort(values)) for values in (p, g)]
            self.rising.append(bool(np.corrcoef(ranks[0], ranks[1])[0, 1] > -0.5))

    def counts(self) -> dict[str, int]:
        """Return what happened to how many frames, by name."""
        counts = {f"maps resized from {h}x{w}": n for (h, w), n in self.sizes.most_common(3)}
        if rest := sum(self.sizes.values()) - sum(counts.values()):
            counts["maps resized from other sizes"] = rest
        if self.empty:
            counts["frames without a valid pixel"] = self.empty
        if self.below_zero:
            counts["frames with depths of 0 m or less (0.001 m in logs and ratios)"] = self.below_zero
        return counts

    def doubt(self) -> str:
        """Say that the predictions look like disparity, or like another unit than metres."""
        if self.rising and sum(self.rising) < len(self.rising) / 2:
            return "predictions fall where the truth rises: disparity? (align: lsq_disparity)"
        ratio = float(np.median(self.ratios)) if self.ratios else 1.0
        if abs(ratio / _KITTI - 1) < 0.1:
            return "the median prediction is 0.256 times the truth: KITTI's 256 to the metre? (prediction_scale: 256)"
        if 1 / _OTHER_UNIT < ratio < _OTHER_UNIT:
            return ""
        if ratio <= 0:
            return "the median prediction is not above 0 m"
        unit = next((name for factor, name in _UNITS.items() if 0.5 < ratio / factor < 2), "another unit")
        times = f"{float(f'{max(ratio, 1 / ratio):.3g}'):g}"
        times = f"{times} times" if ratio > 1 else f"1/{times} of"
        return f"the median prediction is {times} the truth: {unit}?"
