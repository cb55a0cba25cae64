"""Monocular depth models through transformers' `AutoModelForDepthEstimation`."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import ModelRef, Positive, Revision
from zsbench.core.lazy import FloatArray, np, torch
from zsbench.core.records import Cost
from zsbench.models import checkpoints, runtime
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
    return HfDepth(model, output, canonical_focal, revision)


class HfDepth(runtime.Network):
    """A `DepthEstimator` over a transformers model and its image processor."""

    def __init__(
        self,
        reference: str,
        output: Output,
        canonical_focal: float | None = None,
        revision: str | None = None,
    ) -> None:
        self.device, self.dtype = runtime.runtime_device(), runtime.runtime_dtype()
        self.cost, self.output, self.canonical_focal = Cost(), output, canonical_focal
        folder = runtime.local_folder(reference)
        if folder is None:
            runtime.require_offline_ok(reference)
        source, how = str(folder or reference), {"dtype": getattr(torch, self.dtype)}
        self._model = checkpoints.network("AutoModelForDepthEstimation", source, revision=revision, how=how)
        self._processor = checkpoints.reader("AutoImageProcessor", source, revision=revision)
        self._model.to(self.device).eval()
        size = dict(self._processor.size) if getattr(self._processor, "size", None) else {}
        self.input_size = (int(size.get("height", 384)), int(size.get("width", 384)))
        identity = ["hf-depth", self.dtype, revision or "", output, str(canonical_focal)]
        self.fingerprint = (
            runtime.fingerprint(identity, runtime.folder_files({"model": str(folder)}))
            if folder
            else runtime.fingerprint_weights([*identity, reference], self._model)
        )

    def predict_depth(self, images: Sequence[Any]) -> list[FloatArray]:
        """Return a map (height, width) for each RGB image, at its own size, by the processor's post-processing."""
        return [self._one(np.asarray(image)) for image in images]

    def _one(self, image: Any) -> FloatArray:
        # Images of different shapes make different network inputs; one at a time keeps a batch a no-op.
        inputs = self._processor(images=np.clip(image.round(), 0, 255).astype(np.uint8), return_tensors="pt")
        with torch.inference_mode():
            outputs = self._model(inputs["pixel_values"].to(self.device, getattr(torch, self.dtype)))
        outputs.predicted_depth = outputs.predicted_depth.float()
        self.cost.forward_passes += 1
        self.cost.images += 1
        shape = tuple(image.shape[:2])
        sizes = {"target_sizes": [shape]}
        restore = self._processor.post_process_depth_estimation
        if "source_sizes" in inspect.signature(restore).parameters:
            # ZoeDepth pads the image by a share of its size, and has to know the size to cut that off again.
            sizes["source_sizes"] = [shape]
        found = restore(outputs, **sizes)
        depth: FloatArray = found[0]["predicted_depth"].float().cpu().numpy()
        return depth
