"""Monocular depth models through transformers' `AutoModelForDepthEstimation`."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import ModelRef, Positive, Revision
from zsbench.core.lazy import FloatArray, np, torch
from zsbench.models import huggingface, runtime
from zsbench.models.capabilities import DepthEstimator

Output = Literal["metric", "disparity", "affine_depth", "canonical"]


@declare(offers=(DepthEstimator,), files=runtime.folder_files)
@companions(("canonical_focal", "output", "canonical"))
def hf_depth(
    *,
    model: ModelRef,
    output: Output,
    canonical_focal: Positive | None = None,
    revision: Revision | None = None,
) -> HfDepth:
    """Load a depth model.

    Parameters
    ----------
    model : hub id or folder (dpt, depth_anything, zoedepth, glpn, depth_pro, ...).
    output : what the checkpoint predicts: `metric` depth, `disparity` (dpt, Depth Anything without "Metric" in its
        name), `affine_depth`, or `canonical` depth for the canonical-camera method. Nothing in a checkpoint says it;
        a method or an alignment that cannot use it is refused.
    canonical_focal : in pixels, for `output: canonical`.
    revision : commit or tag on the hub.
    """
    checkpoint = huggingface.load(
        "AutoModelForDepthEstimation",
        model,
        revision=revision,
        options=(output, str(canonical_focal)),
        tokenizer=False,
        image_processor=True,
    )
    return HfDepth(checkpoint, output, canonical_focal)


class HfDepth(huggingface.Adapter):
    """A `DepthEstimator` over a transformers model and its image processor."""

    def __init__(self, checkpoint: huggingface.Checkpoint, output: Output, canonical_focal: float | None) -> None:
        super().__init__(checkpoint)
        self.output, self.canonical_focal = output, canonical_focal
        size = dict(getattr(self._image_processor, "size", None) or {})
        self.input_size = (int(size.get("height", 384)), int(size.get("width", 384)))

    def predict_depth(self, images: Sequence[Any]) -> list[FloatArray]:
        """Return a map (height, width) for each RGB image, at its own size, by the processor's post-processing."""
        # One image at a time: images of different shapes make network inputs of different shapes.
        return [self._predict(np.asarray(image)) for image in images]

    def _predict(self, image: Any) -> FloatArray:
        inputs = self._image_processor(images=np.clip(image.round(), 0, 255).astype(np.uint8), return_tensors="pt")
        with torch.inference_mode():
            outputs = self._model(inputs["pixel_values"].to(self.device, getattr(torch, self.dtype)))
        outputs.predicted_depth = outputs.predicted_depth.float()
        self.cost.forward_passes += 1
        self.cost.images += 1
        shape = image.shape[:2]
        sizes = {"target_sizes": [shape]}
        restore = self._image_processor.post_process_depth_estimation
        if "source_sizes" in inspect.signature(restore).parameters:
            # ZoeDepth pads the image by a share of its size, and has to know the size to cut that off again.
            sizes["source_sizes"] = [shape]
        depth: FloatArray = restore(outputs, **sizes)[0]["predicted_depth"].float().cpu().numpy()
        return depth
