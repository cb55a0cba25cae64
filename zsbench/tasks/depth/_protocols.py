"""How depth papers compare maps: valid pixels, crops, alignment, clamping. All per image, in numpy.

Source: the evaluation code of Metric3D, ZoeDepth, Depth Anything V2, Marigold and MiDaS.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zsbench.core.lazy import BoolArray, DoubleArray, np

ProtocolName = Literal["metric3d", "zoe", "depth_anything_v2", "marigold"]
Align = Literal["none", "median_scale", "polyfit", "lsq_depth", "lsq_disparity"]
Crop = Literal["none", "nyu_eigen", "kitti_eigen", "kitti_garg", "kb"]
Bounds = tuple[float, float]
"""min_depth and max_depth in metres."""

# Metric3D leaves a frame with ten valid pixels or fewer as it is.
_FEW_PIXELS = 10

# Height and width of KITTI's benchmark crop.
_KB = (352, 1216)
# Fractions of height and width: top, bottom, left, right.
_FRACTIONS = {
    "kitti_garg": (0.40810811, 0.99189189, 0.03594771, 0.96405229),
    "kitti_eigen": (0.3324324, 0.91351351, 0.0359477, 0.96405229),
}


@dataclass(frozen=True)
class Protocol:
    """Where one reference evaluation differs from the others.

    Attributes
    ----------
    strict : valid pixels lie strictly between min_depth and max_depth (else inclusive).
    clamp : predictions are clamped to [min_depth, max_depth] before any ratio or logarithm.
    mends : infinity counts as max_depth and NaN as min_depth; elsewhere either is an error at a valid pixel.
    min_pixels : images with fewer valid pixels are undefined.
    align_corners : how a prediction of another size is resized to the ground truth (bilinear).
    """

    strict: bool
    clamp: bool
    min_pixels: int
    align_corners: bool
    mends: bool = False


PROTOCOLS: dict[str, Protocol] = {
    "metric3d": Protocol(strict=False, clamp=False, min_pixels=1, align_corners=False),
    "zoe": Protocol(strict=True, clamp=True, min_pixels=1, align_corners=True, mends=True),
    "depth_anything_v2": Protocol(strict=False, clamp=False, min_pixels=10, align_corners=True),
    "marigold": Protocol(strict=True, clamp=True, min_pixels=1, align_corners=False),
}


def crop_window(crops: Sequence[Crop], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns that a chain of crops keeps, each taken of what the one before it left.

    ZoeDepth and Marigold cut KITTI to 352 x 1216 (`kb`) and take the fractions of Garg or Eigen of that.

    Raises
    ------
    ValueError
        `nyu_eigen` on anything but 480 x 640, `kb` on anything smaller than 352 x 1216.
    """
    top, left, (height, width) = 0, 0, shape
    for crop in crops:
        first_row, last_row, first_column, last_column = _crop(crop, height, width)
        top, left = top + first_row, left + first_column
        height, width = last_row - first_row, last_column - first_column
    return slice(top, top + height), slice(left, left + width)


def _crop(name: Crop, height: int, width: int) -> tuple[int, int, int, int]:
    """Return first and last row (exclusive), first and last column (exclusive) of one crop."""
    if name == "none":
        return 0, height, 0, width
    if name == "nyu_eigen":
        if (height, width) != (480, 640):
            raise ValueError(f"crop nyu_eigen is defined for 480x640, not {height}x{width}")
        return 45, 471, 41, 601
    if name == "kb":
        if height < _KB[0] or width < _KB[1]:
            raise ValueError(f"crop kb needs {_KB[0]}x{_KB[1]} or more, not {height}x{width}")
        left = int((width - _KB[1]) / 2)
        return height - _KB[0], height, left, left + _KB[1]
    top, bottom, left_, right = _FRACTIONS[name]
    return int(top * height), int(bottom * height), int(left_ * width), int(right * width)


def valid_mask(gt: DoubleArray, *, protocol: ProtocolName, crops: Sequence[Crop], bounds: Bounds) -> BoolArray:
    """Return the pixels (height, width) of a ground truth in metres that count; none where they are too few.

    Raises
    ------
    ValueError
        A crop does not fit the map's size.
    """
    rule = PROTOCOLS[protocol]
    least, most = bounds
    kept = np.zeros(gt.shape, dtype=bool)
    kept[crop_window(crops, (gt.shape[0], gt.shape[1]))] = True
    inside = (gt > least) & (gt < most) if rule.strict else (gt >= least) & (gt <= most)
    valid = np.asarray(kept & inside & (gt > 0) & np.isfinite(gt))
    return valid if valid.sum() >= rule.min_pixels else np.zeros_like(valid)


def shape_problem(shape: tuple[int, ...], truth: tuple[int, int], crops: Sequence[Crop] = ()) -> str:
    """Say why a map of this shape cannot be a prediction for a ground truth (height, width); empty when it can.

    A smaller or larger map is resized. One that is nearer to the transposed truth than to the truth lies on its side.
    One that has the truth's height or width alone, or the size of `kb`, is that of a part of the image: stretched over
    all of it, even a perfect one would be far off. That of `kb` is put in its place where `kb` is the first crop.
    """
    if len(shape) != 2:
        return f"shape {shape}, expected (height, width)"
    size, expected = f"{shape[0]}x{shape[1]}", f"the ground truth is {truth[0]}x{truth[1]}"
    if shape == truth:
        return ""
    if min(shape) < 2:
        return f"a map of {size}; {expected}"
    if shape == _KB and crops[:1] != ["kb"] and all(map(operator.ge, truth, _KB)):
        return f"a map of {size}, KITTI's benchmark crop; {expected}, or `crop: kb` comes first"
    aspect, wanted = np.log(shape[0] / shape[1]), np.log(truth[0] / truth[1])
    if abs(aspect + wanted) < abs(aspect - wanted):
        return f"a map of {size} lies on its side; {expected}"
    if shape[0] == truth[0] or shape[1] == truth[1]:
        return f"a map of {size} is that of a part of the image; {expected}"
    return ""


def whole(depth: DoubleArray, shape: tuple[int, int], crops: Sequence[Crop]) -> DoubleArray:
    """Return a map of the whole image: that of `kb` in its place with NaN around it, others as they are."""
    if crops[:1] != ["kb"] or depth.shape != _KB or shape == _KB:
        return depth
    full = np.full(shape, np.nan)
    full[crop_window(["kb"], shape)] = depth
    return full


def resize(depth: DoubleArray, shape: tuple[int, int], *, align_corners: bool) -> DoubleArray:
    """Return a map resized bilinearly to (height, width)."""
    if depth.shape == shape:
        return depth
    import torch

    tensor = torch.from_numpy(np.ascontiguousarray(depth, dtype=np.float32))[None, None]
    resized = torch.nn.functional.interpolate(tensor, size=shape, mode="bilinear", align_corners=align_corners)
    return np.asarray(resized[0, 0].numpy(), dtype=np.float64)


def fit(p: DoubleArray, g: DoubleArray) -> tuple[float, float]:
    """Return scale and shift of the least-squares line g ~ scale p + shift."""
    design = np.stack([p, np.ones_like(p)], axis=1)
    (scale, shift), *_ = np.linalg.lstsq(design, g, rcond=None)
    return float(scale), float(shift)


def median_scale(p: DoubleArray, g: DoubleArray) -> float:
    """Return median(g) / median(p) with the lower middle value for even counts; 1 with ten pixels or fewer."""
    if len(p) <= _FEW_PIXELS:
        return 1.0
    middle = (len(p) - 1) // 2
    return float(np.partition(g, middle)[middle] / (np.partition(p, middle)[middle] + 1e-8))


def align(name: Align, p: DoubleArray, g: DoubleArray, *, bounds: Bounds) -> DoubleArray:
    """Return the prediction at the valid pixels, aligned to the ground truth as named.

    Parameters
    ----------
    p, g : (n_valid,) prediction and ground truth; for `lsq_disparity` p is disparity.
    bounds : least-squares alignments clip to min_depth and max_depth.
    """
    if name == "median_scale":
        return p * median_scale(p, g)
    if name == "polyfit":
        if len(p) <= _FEW_PIXELS:
            return p
        scale, shift = fit(p, g)
        return p * median_scale(p, g) if scale < 0 else scale * p + shift
    if name == "lsq_depth":
        scale, shift = fit(p, g)
        return np.clip(scale * p + shift, *bounds)
    if name == "lsq_disparity":
        positive = p > 0
        scale, shift = fit(p[positive], 1 / g[positive])
        return np.clip(1 / np.maximum(scale * p + shift, 1e-3), *bounds)
    return p


def scored_pixels(prediction: DoubleArray, mask: BoolArray, *, protocol: ProtocolName, bounds: Bounds) -> DoubleArray:
    """Return the prediction (n_valid,) at the pixels of `mask` (height, width), resized to it, not yet aligned.

    Raises
    ------
    ValueError
        It holds NaN or infinity there, and the protocol does not say what they count as.
    """
    rule = PROTOCOLS[protocol]
    resized = resize(prediction, (mask.shape[0], mask.shape[1]), align_corners=rule.align_corners)
    p = np.asarray(resized[mask], dtype=np.float64)
    if rule.mends:
        least, most = bounds
        return np.nan_to_num(p, nan=least, posinf=most, neginf=least)
    if bad := int((~np.isfinite(p)).sum()):
        raise ValueError(f"{bad} of {len(p)} predicted depths at valid pixels are NaN or infinite")
    return p


def clamp(p: DoubleArray, *, protocol: ProtocolName, bounds: Bounds) -> DoubleArray:
    """Return aligned predictions within min_depth and max_depth where the protocol clamps, else as they are."""
    least, most = bounds
    return np.clip(p, max(least, 1e-6), most) if PROTOCOLS[protocol].clamp else p
