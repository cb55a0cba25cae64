"""How depth papers compare maps: valid pixels, crops, alignment, clamping. All per image, in numpy.

Source: the evaluation code of Metric3D, ZoeDepth, Depth Anything V2, Marigold and MiDaS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from zsbench.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]
else:
    np = lazy("numpy")

ProtocolName = Literal["metric3d", "zoe", "depth_anything_v2", "marigold"]
Align = Literal["none", "median_scale", "polyfit", "lsq_depth", "lsq_disparity"]
Crop = Literal["none", "nyu_eigen", "kitti_eigen", "kitti_garg", "kb"]

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
    min_pixels : images with fewer valid pixels are undefined.
    align_corners : how a prediction of another size is resized to the ground truth (bilinear).
    """

    strict: bool
    clamp: bool
    min_pixels: int
    align_corners: bool


PROTOCOLS: dict[str, Protocol] = {
    "metric3d": Protocol(strict=True, clamp=False, min_pixels=1, align_corners=False),
    "zoe": Protocol(strict=True, clamp=True, min_pixels=1, align_corners=True),
    "depth_anything_v2": Protocol(strict=False, clamp=False, min_pixels=10, align_corners=True),
    "marigold": Protocol(strict=True, clamp=True, min_pixels=1, align_corners=False),
}


def crop_mask(name: Crop, shape: tuple[int, int]) -> Mask:
    """Return the pixels (height, width) a crop keeps.

    Raises
    ------
    ValueError
        `nyu_eigen` on anything but 480 x 640.
    """
    height, width = shape
    keep = np.zeros(shape, dtype=bool)
    if name == "none":
        keep[:] = True
    elif name == "nyu_eigen":
        if shape != (480, 640):
            raise ValueError(f"crop nyu_eigen is defined for 480x640, not {height}x{width}")
        keep[45:471, 41:601] = True
    elif name == "kb":
        left = max(0, int((width - 1216) / 2))
        keep[max(0, height - 352) :, left : left + 1216] = True
    else:
        top, bottom, left_, right = _FRACTIONS[name]
        keep[int(top * height) : int(bottom * height), int(left_ * width) : int(right * width)] = True
    return keep


def valid_mask(gt: Array, *, protocol: ProtocolName, crop: Crop, min_depth: float, max_depth: float) -> Mask:
    """Return the pixels (height, width) of a ground truth in metres that count."""
    rule = PROTOCOLS[protocol]
    inside = (gt > min_depth) & (gt < max_depth) if rule.strict else (gt >= min_depth) & (gt <= max_depth)
    return np.asarray(inside & (gt > 0) & np.isfinite(gt) & crop_mask(crop, (gt.shape[0], gt.shape[1])))


def resize(depth: Array, shape: tuple[int, int], *, align_corners: bool) -> Array:
    """Return a map resized bilinearly to (height, width)."""
    if depth.shape == shape:
        return depth
    import torch

    tensor = torch.from_numpy(np.ascontiguousarray(depth, dtype=np.float32))[None, None]
    resized = torch.nn.functional.interpolate(tensor, size=shape, mode="bilinear", align_corners=align_corners)
    return np.asarray(resized[0, 0].numpy(), dtype=np.float64)


def fit(p: Array, g: Array) -> tuple[float, float]:
    """Return scale and shift of the least-squares line g ~ scale p + shift."""
    design = np.stack([p, np.ones_like(p)], axis=1)
    (scale, shift), *_ = np.linalg.lstsq(design, g, rcond=None)
    return float(scale), float(shift)


def median_scale(p: Array, g: Array) -> float:
    """Return median(g) / median(p) with the lower middle value for even counts; 1 with ten pixels or fewer."""
    if len(p) <= 10:
        return 1.0
    middle = (len(p) - 1) // 2
    return float(np.partition(g, middle)[middle] / (np.partition(p, middle)[middle] + 1e-8))


def align(name: Align, p: Array, g: Array, *, min_depth: float, max_depth: float) -> Array:
    """Return the prediction at the valid pixels, aligned to the ground truth as named.

    Parameters
    ----------
    p, g : (n_valid,) prediction and ground truth; for `lsq_disparity` p is disparity.
    min_depth, max_depth : least-squares alignments clip to them.
    """
    if name == "median_scale":
        return p * median_scale(p, g)
    if name == "polyfit":
        scale, shift = fit(p, g)
        return p * median_scale(p, g) if scale < 0 else scale * p + shift
    if name == "lsq_depth":
        scale, shift = fit(p, g)
        return np.clip(scale * p + shift, min_depth, max_depth)
    if name == "lsq_disparity":
        positive = p > 0
        scale, shift = fit(p[positive], 1 / g[positive])
        return np.clip(1 / np.maximum(scale * p + shift, 1e-3), min_depth, max_depth)
    return p


def compared_pixels(
    prediction: Array,
    gt: Array,
    *,
    protocol: ProtocolName,
    alignment: Align = "none",
    crop: Crop = "none",
    min_depth: float,
    max_depth: float,
) -> tuple[Array, Array]:
    """Return (p, g), each (n_valid,), ready for the metrics; both empty when the image is undefined.

    Parameters
    ----------
    prediction : (h, w) metres (disparity for `lsq_disparity`); resized when its shape differs from gt's.
    gt : (height, width) metres, 0 or negative where nothing was measured.

    Raises
    ------
    ValueError
        The prediction holds NaN or infinity at a valid pixel.
    """
    rule = PROTOCOLS[protocol]
    mask = valid_mask(gt, protocol=protocol, crop=crop, min_depth=min_depth, max_depth=max_depth)
    resized = resize(prediction, (gt.shape[0], gt.shape[1]), align_corners=rule.align_corners)
    p, g = np.asarray(resized[mask], dtype=np.float64), np.asarray(gt[mask], dtype=np.float64)
    if not np.isfinite(p).all():
        raise ValueError("the prediction holds NaN or infinite depth at valid pixels")
    if len(p) < rule.min_pixels:
        return p[:0], g[:0]
    aligned = align(alignment, p, g, min_depth=min_depth, max_depth=max_depth)
    if rule.clamp:
        aligned = np.clip(aligned, max(min_depth, 1e-6), max_depth)
    return aligned, g
