"""Metric3D's canonical camera: the network sees every image as if one camera had taken it.

1. scale  s = min(H_net / H, W_net / W), size (int(s H), int(s W)), bilinear;
2. pad to the network's size with the model's mean colour, the image in the middle;
3. the network answers with canonical depth D_c, whose padding is cut off, resized bilinearly to (H, W);
4. D = D_c * (f s) / f_c,   with f the mean of fx and fy (or fx) in pixels of the original image.

Source: Hu et al. 2024 (TPAMI), arXiv:2404.15506, section 3.2, the label variant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import NonNegative, Positive
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import FloatArray, NDArray, np, torch
from zsbench.data.frames.frames import Frame
from zsbench.methods.depth import DepthRule, Maps
from zsbench.models.capabilities import DepthEstimator

MEAN_COLOUR = (123.675, 116.28, 103.53)


@dataclass(frozen=True)
class Fitted:
    """An image at the network's size, and what undoes the fitting: scale, [top, left], [height, width]."""

    image: Any
    scale: float
    corner: tuple[int, int]
    size: tuple[int, int]


def _check(options: dict[str, Any]) -> None:
    if options["min_depth"] >= options["max_depth"]:
        raise UserError("min_depth", f"{options['min_depth']:g}, max_depth {options['max_depth']:g}", "less than that")


@method(family="depth", needs=(DepthEstimator,), uses=("camera intrinsics",))
@companions(check=_check)
def canonical_camera(
    *,
    focal: Literal["mean", "fx"] = "mean",
    canonical_focal: Positive | None = None,
    min_depth: NonNegative = 0.0,
    max_depth: Positive = 300.0,
) -> DepthRule:
    """Transform to the canonical camera and back.

    Parameters
    ----------
    focal : which focal length counts when fx and fy differ; the paper's test script takes the mean.
    canonical_focal : in pixels; default the model's own.
    min_depth, max_depth : the result is clamped to this range, in metres.
    """

    def predict(model: DepthEstimator, frames: Sequence[Frame]) -> Maps:
        reference = canonical_focal if canonical_focal is not None else model.canonical_focal
        if reference is None:
            raise RunError("", "the model names no canonical focal length", "option `canonical_focal`")
        fitted = [fit_image(frame.rgb(), model.input_size) for frame in frames]
        canonical = model.predict_depth([f.image for f in fitted])
        return [
            np.clip(
                restore(depth, f, frame.rgb().shape[:2]) * (_focal(frame) * f.scale / reference),
                min_depth,
                max_depth,
            )
            for frame, f, depth in zip(frames, fitted, canonical, strict=True)
        ]

    def _focal(frame: Frame) -> float:
        if frame.intrinsics is None:
            raise RunError(f"frame {frame.id}", "no intrinsics", "fx, fy, cx, cy, without which depth has no scale")
        fx, fy, _, _ = frame.intrinsics
        return (fx + fy) / 2 if focal == "mean" else fx

    return predict


def fit_image(rgb: NDArray[np.uint8], size: tuple[int, int]) -> Fitted:
    """Return the image (h, w, 3) resized and padded to `size` (height, width), uint8."""
    scale = min(size[0] / rgb.shape[0], size[1] / rgb.shape[1])
    height, width = int(scale * rgb.shape[0]), int(scale * rgb.shape[1])
    pixels = torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None].float()
    resized = torch.nn.functional.interpolate(pixels, size=(height, width), mode="bilinear", align_corners=False)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    canvas = np.empty((*size, 3), dtype=np.float32)
    canvas[:] = MEAN_COLOUR
    canvas[top : top + height, left : left + width] = resized[0].round().permute(1, 2, 0).numpy()
    return Fitted(canvas, scale, (top, left), (height, width))


def restore(depth: Any, fitted: Fitted, shape: Sequence[int]) -> FloatArray:
    """Return a map at the network's size without its padding, resized bilinearly to the original (height, width)."""
    (top, left), (height, width) = fitted.corner, fitted.size
    inner = torch.from_numpy(np.ascontiguousarray(depth[top : top + height, left : left + width], dtype=np.float32))
    resized = torch.nn.functional.interpolate(
        inner[None, None], size=tuple(shape), mode="bilinear", align_corners=False
    )
    return np.asarray(resized[0, 0].numpy())
