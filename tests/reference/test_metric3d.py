"""Depth metrics, alignments, crops and the canonical camera equal the reference code."""

import math

import numpy as np
import pytest

from tests.reference._golden import load_json, load_npz, model_folder, needs, some
from zsbench.methods.depth.canonical_camera import MEAN_COLOUR, fit_image, restore
from zsbench.metrics import naming
from zsbench.models.depth.hf_depth import hf_depth
from zsbench.tasks.depth._protocols import (
    align,
    clamp,
    crop_window,
    fit,
    median_scale,
    resize,
    scored_pixels,
    valid_mask,
)

IN, OUT = load_npz("metric3d", "metrics_in.npz"), load_json("metric3d", "metrics_out.json") or {}
NAMES = {
    "abs_rel": "AbsRel", "sq_rel": "SqRel", "rmse": "RMSE", "rmse_log": "RMSElog", "log10": "log10", "log_10": "log10",
    "delta1": "delta@1", "delta2": "delta@2", "delta3": "delta@3", "a1": "delta@1", "a2": "delta@2", "a3": "delta@3",
    "d1": "delta@1", "d2": "delta@2", "d3": "delta@3", "delta1_acc": "delta@1", "delta2_acc": "delta@2",
    "delta3_acc": "delta@3", "abs_relative_difference": "AbsRel", "squared_relative_difference": "SqRel",
    "rmse_linear": "RMSE", "i_rmse": "iRMSE", "silog": "SILog", "silog_rmse": "SILog(scale=100)",
}  # fmt: skip
SILOG = {"zoe": "SILog(scale=100)", "depth_anything_v2": "SILog(focus=0.5)", "pooled_pixels": "SILog(scale=100)"}
# The released evaluation takes log10 where the paper and the training code take the natural logarithm.
WRONG_LOGARITHM = {("metric3d_release_code", "rmse_log"), ("metric3d_release_code", "silog")}


def metric(protocol, key):
    """Return the metric that a reference's key stands for; a key without one is an error of this test."""
    return naming.resolve(SILOG.get(protocol, "SILog") if key == "silog" else NAMES[key])


def pixels():
    return [p[m] for p, m in zip(IN["pred"], IN["mask"], strict=True)], [
        g[m] for g, m in zip(IN["gt"], IN["mask"], strict=True)
    ]


@pytest.mark.parametrize("protocol", [name for name in OUT if name != "pooled_pixels"])
def test_metrics_of_images_and_their_means(protocol):
    pred, gold = pixels()
    for part in OUT[protocol].keys() - {"images"}:
        for key, expected in OUT[protocol][part].items():
            factor = 1 / math.log(10) if (protocol, key) in WRONG_LOGARITHM else 1
            got = factor * np.ravel(metric(protocol, key).statistics(pred, gold))
            got = got if part == "per_image" else got.mean()
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=2e-6, err_msg=f"{part}.{key}")
    assert OUT[protocol].get("images", [0, 1, 2, 3]) == list(range(len(IN["gt"])))


def test_metrics_of_all_pixels_together():
    needs(OUT)
    for key, expected in OUT["pooled_pixels"].items():
        name, _, cut = metric("pooled_pixels", key).name.partition("@")
        name = name.replace(")", ",average=pixel)") if ")" in name else f"{name}(average=pixel)"
        got = naming.resolve(name + (f"@{cut}" if cut else "")).compute(*pixels())
        assert got == pytest.approx(expected, rel=1e-5), key


INPUTS = {
    "lsq_depth": "affine_depth", "lsq_disparity": "affine_disparity", "median": "scaled_depth", "polyfit": "affine_depth"
}  # fmt: skip


def test_alignments():
    data, out = load_npz("metric3d", "align_in.npz"), load_json("metric3d", "align_out.json") or {}
    needs(data, out)
    bounds = (out["min_depth"], out["max_depth"])
    for name in INPUTS:
        for number, expected in enumerate(out[name]):
            mask = data["mask"][number]
            p, g = data[INPUTS[name]][number][mask].astype(float), data["gt"][number][mask].astype(float)
            aligned = align("median_scale" if name == "median" else name, p, g, bounds=bounds)
            scale, shift = fit(p, 1 / g if name == "lsq_disparity" else g)
            known = {
                "scale": median_scale(p, g) if name == "median" else scale,
                "shift": shift,
                "aligned_mean": aligned.mean(),
                "abs_rel": naming.resolve("AbsRel").compute([np.maximum(aligned, 1e-6)], [g]),
            }
            constant = np.ptp(p) < 1e-6  # infinitely many lines fit equally well
            for key, value in {**expected, **expected.get("metrics", {})}.items():
                if key == "metrics" or (constant and key in ("scale", "shift")):
                    continue
                got = known[key] if key in known else metric("", key).compute([aligned], [g])
                assert got == pytest.approx(value, rel=1e-4), (name, number, key)


CROPS = load_json("metric3d", "crops_out.json") or []


@pytest.mark.parametrize("case", [c for c in CROPS if c["name"] != "kitti_bounds"], ids=lambda case: case["name"])
def test_zoe_protocol_from_maps_to_metrics(case):
    data, name, bounds = load_npz("metric3d", "crops_in.npz"), case["name"], (case["min_depth"], case["max_depth"])
    gt, pred = data[f"{name}_gt"], data[f"{name}_pred"]
    assert [list(gt.shape), list(pred.shape)] == [case["gt_shape"], case["pred_shape"]]
    rows, columns = crop_window([name], gt.shape)
    assert [[rows.start, rows.stop], [columns.start, columns.stop]] == [case["crop_rows"], case["crop_cols"]]
    mask = valid_mask(gt, protocol="zoe", crops=[name], bounds=bounds)
    assert mask.sum() == case["n_valid"]
    p = clamp(scored_pixels(pred, mask, protocol="zoe", bounds=bounds), protocol="zoe", bounds=bounds)
    for key, expected in case["metrics"].items():
        assert metric("zoe", key).compute([p], [gt[mask]]) == pytest.approx(expected, rel=1e-5), key


@pytest.mark.parametrize("case", [c for c in CROPS if c["name"] == "kitti_bounds"], ids=lambda c: str(c["gt_shape"]))
def test_bounds_of_the_kitti_crops(case):
    names = {"garg": "kitti_garg", "eigen": "kitti_eigen", "kb_crop": "kb"}
    assert case.keys() - {"name", "gt_shape"} == names.keys()
    for key, name in names.items():
        rows, columns = crop_window([name], case["gt_shape"])
        assert [rows.start, rows.stop, columns.start, columns.stop] == case[key]


def test_canonical_camera():
    data, cases = load_npz("metric3d", "canonical.npz"), load_json("metric3d", "canonical.json")
    needs(data, cases is not None)
    for case in some(cases, "metric3d"):
        names = ("rgb", "net_input", "canonical_pred", "metric_depth", "metric_depth_hub")
        arrays = {name: data[f"{case['case']}_{name}"] for name in names}
        rgb, wanted, (fx, fy, *_) = arrays["rgb"], arrays["net_input"], case["intrinsic"]
        fitted = fit_image(rgb, case["input_size"])
        bottom, right = (
            whole - a - b for whole, a, b in zip(case["input_size"], fitted.corner, fitted.size, strict=True)
        )
        assert [fitted.corner[0], bottom, fitted.corner[1], right] == case["pad_top_bottom_left_right"]
        assert list(rgb.shape[:2]) == case["image"]
        assert fitted.scale == pytest.approx(case["resize_ratio"])
        assert 1000 / ((fx + fy) / 2) / fitted.scale == pytest.approx(case["label_scale_factor"])
        normalised = (fitted.image - np.array(MEAN_COLOUR)) / np.array([58.395, 57.12, 57.375])
        np.testing.assert_allclose(normalised.transpose(2, 0, 1), wanted, atol=0.03)
        canonical = restore(arrays["canonical_pred"], fitted, rgb.shape[:2]) * fitted.scale / 1000
        for focal, name in (((fx + fy) / 2, "metric_depth"), (fx, "metric_depth_hub")):
            np.testing.assert_allclose(np.clip(canonical * focal, 0, 300), arrays[name], atol=1e-4)


def test_transformers_model_and_its_post_processing():
    import torch

    data = load_npz("metric3d", "tiny_depth.npz")
    needs(data)
    model = hf_depth(model=str(model_folder("metric3d")), output="metric")
    for number in some({key.split("_")[0] for key in data}, "metric3d"):
        rgb, wanted = data[f"{number}_rgb"], {key[2:]: data[key] for key in data if key.startswith(f"{number}_")}
        pixel_values = model._image_processor(images=rgb, return_tensors="pt")["pixel_values"]
        np.testing.assert_allclose(pixel_values[0], wanted["pixel_values"], atol=0.02)
        with torch.inference_mode():
            raw = model._model(torch.from_numpy(wanted["pixel_values"])[None]).predicted_depth[0]
        # Random weights amplify rounding: double precision itself is 1.3e-3 away from the stored values.
        np.testing.assert_allclose(raw, wanted["raw"], atol=5e-3)
        [depth] = model.predict_depth([rgb])
        np.testing.assert_allclose(depth, wanted["depth"], atol=5e-3)


def test_resize_keeps_a_map_of_the_right_size():
    depth = np.arange(6.0).reshape(2, 3)
    assert resize(depth, (2, 3), align_corners=True) is depth
