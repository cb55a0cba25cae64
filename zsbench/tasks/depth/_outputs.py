"""Does what a depth model predicts fit the method and the alignment? Nothing in a map says whether it is metres."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zsbench.tasks.depth._protocols import Align

if TYPE_CHECKING:
    from zsbench.config.blocks import Block, Chain

_FITS: dict[str, tuple[Align, ...]] = {
    "metric": ("none", "median_scale", "polyfit", "lsq_depth"),
    "canonical": ("none", "median_scale", "polyfit", "lsq_depth"),
    "affine_depth": ("median_scale", "polyfit", "lsq_depth"),
    "disparity": ("lsq_disparity",),
}


def misaligned(output: str, align: Align) -> tuple[str, str]:
    """Return what is wrong with an output under an alignment and what would fit; two empty texts when it fits.

    Parameters
    ----------
    output : `metric`, `canonical`, `affine_depth` or `disparity`; of any other nothing is known.
    """
    fits = _FITS.get(output, (align,))
    if align in fits:
        return "", ""
    return f"a model that predicts {output} under align {align}", f"align {' or '.join(fits)}"


def misfit(method: Chain, model: Block, align: Align) -> tuple[str, str]:
    """Return what of a method, a model and an alignment does not go together, as `misaligned` does."""
    output, focal = model.options.get("output"), model.options.get("canonical_focal")
    rule = method.parts[-1]
    if output is None:
        return "", ""
    if rule.name == "canonical-camera":
        if output != "canonical":
            return f"canonical-camera with a model that predicts {output}", "output: canonical, or predicted-depth"
        if focal is None and rule.options.get("canonical_focal") is None:
            return "no canonical focal length", "canonical_focal of the model or of the method, in pixels"
    as_metres = rule.options.get("canonical_as_metres", False)
    if rule.name == "predicted-depth" and output == "canonical" and align == "none" and not as_metres:
        return "canonical depth taken as metres", "method canonical-camera, an alignment, or canonical_as_metres: true"
    return misaligned(output, align)
