"""Depth metrics, alignments and the canonical camera equal the reference code."""

import numpy as np
import pytest

from tests.reference._golden import GOLDEN, load_json, load_npz, needs, some
from zsbench import metrics
from zsbench.methods.depth.canonical_camera import MEAN_COLOUR, fit_image, restore
from zsbench.models.hf_depth import HfDepth
from zsbench.tasks._depth_protocols import align, resize

IN, OUT = load_npz("metric3d", "metrics_in.npz"), load_json("metric3d", "metrics_out.json") or {}
NAMES = {
    "abs_rel": "AbsRel", "sq_rel": "SqRel", "rmse": "RMSE", "rmse_log": "RMSElog", "log10": "log10", "log_10": "log10",
    "delta1": "delta@1", "delta2": "delta@2", "delta3": "delta@3", "a1": "delta@1", "a2": "delta@2", "a3": "delta@3",
}  # fmt: skip
SILOG = {"metric3d": "SILog", "zoe": "SILog(scale=100)"}


def pixels(protocol):
    numbers = OUT[protocol].get("images", range(len(IN["gt"])))
    masks = [IN["mask"][i] for i in numbers]
    return [IN["pred"][i][m] for i, m in zip(numbers, masks, strict=True)], [
        IN["gt"][i][m] for i, m in zip(numbers, masks, strict=True)
    ]


@pytest.mark.parametrize("protocol", ["metric3d", "zoe"])
def test_metrics_per_image(protocol):
    checked = 0
    for key, expected in OUT.get(protocol, {}).get("per_image", {}).items():
        name = SILOG[protocol] if key == "silog" else NAMES.get(key)
        if name is None:
            continue
        pred, gold = pixels(protocol)
        scored = [i for i, g in enumerate(gold) if g.size]
        got = metrics.resolve(name).statistics([pred[i] for i in scored], [gold[i] for i in scored])
        wanted = expected if len(expected) == len(scored) else [expected[i] for i in scored]
        np.testing.assert_allclose(np.ravel(got), wanted, rtol=1e-5, atol=2e-6, err_msg=key)
        checked += 1
    assert checked or protocol not in OUT


def test_alignments():
    data, out = load_npz("metric3d", "align_in.npz"), load_json("metric3d", "align_out.json") or {}
    needs(data, out)
    inputs = {"lsq_depth": "affine_depth", "lsq_disparity": "affine_disparity", "median": "scaled_depth"}
    bounds = {"min_depth": out["min_depth"], "max_depth": out["max_depth"]}
    for name in some([n for n in inputs if n in out], "metric3d"):
        for number, expected in enumerate(out[name]):
            mask = data["mask"][number]
            if not mask.any():
                continue
            p = data[inputs[name]][number][mask].astype(float)
            g = data["gt"][number][mask].astype(float)
            aligned = align("median_scale" if name == "median" else name, p, g, **bounds)
            wanted = expected["abs_rel"] if name == "median" else expected["metrics"]["abs_relative_difference"]
            got = metrics.resolve("AbsRel").compute([np.maximum(aligned, 1e-6)], [g])
            assert got == pytest.approx(wanted, rel=1e-4), (name, number)


def test_canonical_camera():
    data, cases = load_npz("metric3d", "canonical.npz"), load_json("metric3d", "canonical.json")
    needs(data, cases is not None)
    for case in some(cases, "metric3d"):
        key = str(case["case"])
        rgb, wanted = data[f"{key}_rgb"], data[f"{key}_net_input"]
        fitted = fit_image(rgb, wanted.shape[1:])
        normalised = (fitted.image - np.array(MEAN_COLOUR)) / np.array([58.395, 57.12, 57.375])
        np.testing.assert_allclose(normalised.transpose(2, 0, 1), wanted, atol=0.03)
        fx, fy = case["intrinsic"][:2]
        depth = restore(data[f"{key}_canonical_pred"], fitted, rgb.shape[:2]) * ((fx + fy) / 2 * fitted.scale / 1000)
        np.testing.assert_allclose(np.clip(depth, 0, 300), data[f"{key}_metric_depth"], atol=1e-4)


def test_transformers_model_and_its_post_processing():
    data = load_npz("metric3d", "tiny_depth.npz")
    needs(data)
    model = HfDepth(str(GOLDEN / "metric3d" / "tiny_depth"), "metric")
    for key in some([k for k in data if k.endswith("_rgb")], "metric3d"):
        # Random weights amplify rounding: double precision itself is 1.3e-3 away from the stored values.
        [depth] = model.predict_depth([data[key]])
        np.testing.assert_allclose(depth, data[key.replace("_rgb", "_depth")], atol=5e-3)


def test_resize_keeps_a_map_of_the_right_size():
    depth = np.arange(6.0).reshape(2, 3)
    assert resize(depth, (2, 3), align_corners=True) is depth
