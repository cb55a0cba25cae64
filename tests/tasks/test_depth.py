"""Depth maps against the reference protocols, and predictions that cannot be what they claim to be."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.tasks._scoring import score
from zsbench.core.errors import UserError
from zsbench.data.frames.depth_frames import depth_frames
from zsbench.tasks.depth._protocols import align, clamp, crop_window, scored_pixels, shape_problem, valid_mask, whole
from zsbench.tasks.formats.maps import frame_of

TASK = "description: d\ntype: depth\ndata: {source: depth-frames, path: f.jsonl}\nmin_depth: 0.1\nmax_depth: 10\n"
GOLD = np.linspace(1, 9, 48).round(3).reshape(6, 8)
METRICS = ["AbsRel", "SqRel", "RMSE", "RMSElog", "log10", "iRMSE", "SILog", "delta@1"]


def frames(folder, *, gold=GOLD, n=1, extra="", scale=1000, names=None):
    """Write a depth task of n frames with 16-bit millimetres, and return its YAML."""
    lines = []
    for number in range(n):
        name = names[number] if names else str(number)
        rgb, depth = folder / "rgb" / f"{name}.png", folder / "depth" / f"{name}.png"
        for path in (rgb, depth):
            path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", gold.shape[::-1]).save(rgb)
        Image.fromarray((gold * 1000).round().astype(np.uint16)).save(depth)
        row = {"id": name, "rgb": f"rgb/{name}.png", "depth": f"depth/{name}.png"}
        lines.append(json.dumps(row | ({"depth_scale": scale} if scale else {})))
    (folder / "f.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "t.yaml").write_text(TASK + extra)
    return folder / "t.yaml"


def predictions(folder, *maps, names=None):
    """Write one .npy a frame."""
    for number, depth in enumerate(maps):
        path = folder / "pred" / f"{names[number] if names else number}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.asarray(depth, dtype=np.float32))
    return folder / "pred"


def judged(folder, *maps, metrics=("AbsRel", "RMSE", "log10", "delta@1"), **task):
    return score(frames(folder, n=len(maps), **task), predictions(folder, *maps), metrics=metrics)


# Maps of a part of the image.

KITTI = (375, 1242)


@pytest.mark.parametrize(
    ("shape", "crops", "message"),
    [
        # Metric3D cuts image and ground truth to columns 43 to 1196.
        (
            (375, 1154),
            ["kitti_eigen"],
            "a map of 375x1154 is that of a part of the image; the ground truth is 375x1242",
        ),
        ((352, 1242), ["none"], "a map of 352x1242 is that of a part"),
        ((352, 1216), ["kitti_garg"], "a map of 352x1216, KITTI's benchmark crop; "),
        ((352, 1216), ["kb", "kitti_garg"], ""),
        # What networks work at is stretched, as their own post-processing does.
        ((384, 384), ["kitti_garg"], ""),
        ((188, 621), ["none"], ""),
    ],
)
def test_a_map_of_a_part_of_the_image_is_not_stretched(shape, crops, message):
    found = shape_problem(shape, KITTI, crops)
    assert found.startswith(message)
    assert bool(found) == bool(message)


def test_a_map_of_kittis_benchmark_crop_stands_in_its_place():
    full = np.arange(375 * 1242, dtype=np.float64).reshape(KITTI)
    # The last 352 rows, 1216 columns from int((1242 - 1216) / 2).
    placed = whole(full[23:, 13:1229], KITTI, ["kb", "kitti_garg"])
    inside = crop_window(["kb", "kitti_garg"], KITTI)
    assert (placed[inside] == full[inside]).all()
    assert np.isnan(placed[:23]).all()
    assert whole(full, KITTI, ["kb"]) is full


def test_a_cut_map_is_refused_with_its_frame(tmp_path):
    found = judged(tmp_path, GOLD[:, 1:7])
    assert found.code == 2
    assert "pred: frame 0: a map of 6x6 is that of a part of the image; the ground truth is 6x8" in found.screen


# Which pixels count.


@pytest.mark.parametrize(
    ("protocol", "n_valid"), [("metric3d", 3), ("depth_anything_v2", 0), ("zoe", 1), ("marigold", 1)]
)
def test_gold_exactly_at_the_bounds(protocol, n_valid):
    gt = np.array([[0.1, 5.0, 10.0, 0.0, 0.05, 10.1, np.inf, np.nan]], dtype=np.float32)
    mask = valid_mask(gt, protocol=protocol, crops=["none"], bounds=(0.1, 10.0))
    assert mask.sum() == n_valid  # Depth Anything leaves out images of fewer than ten pixels


def test_depth_anything_keeps_the_bounds_of_images_with_ten_pixels():
    gt = np.full((2, 5), 10.0)
    assert valid_mask(gt, protocol="depth_anything_v2", crops=[], bounds=(0.1, 10.0)).all()


def test_a_chain_of_crops_takes_fractions_of_what_is_left():
    rows, columns = crop_window(["kb", "kitti_garg"], (375, 1242))
    top, left = 375 - 352, (1242 - 1216) // 2
    assert (rows.start, rows.stop) == (top + int(0.40810811 * 352), top + int(0.99189189 * 352))
    assert (columns.start, columns.stop) == (left + int(0.03594771 * 1216), left + int(0.96405229 * 1216))


@pytest.mark.parametrize("crop", ["kb+kitti_garg", "[kb, kitti_garg]"])
def test_kb_then_garg_is_what_zoedepth_computes(tmp_path, crop):
    rng = np.random.default_rng(0)
    gold = rng.uniform(1, 9, (370, 1226)).round(3)
    depth = gold * rng.uniform(0.7, 1.4, gold.shape)
    task = frames(tmp_path, gold=gold, extra=f"protocol: zoe\ncrop: {crop}\n")
    result = score(task, predictions(tmp_path, depth), metrics=["AbsRel"])
    p, g = (array[-352:, 5 : 5 + 1216] for array in (np.clip(depth.astype(np.float32), 0.1, 10), gold))
    window = slice(int(0.40810811 * 352), int(0.99189189 * 352)), slice(int(0.03594771 * 1216), int(0.96405229 * 1216))
    assert result["AbsRel"] == pytest.approx(np.mean(np.abs(p - g)[window] / g[window]), rel=1e-5)
    assert "crop kb+kitti_garg" in result.rows[0]["protocol"]


@pytest.mark.parametrize("crop", ["kb", "nyu_eigen", "kitti_garg+kb"])
def test_a_crop_that_does_not_fit_is_refused_before_anything_runs(tmp_path, crop):
    result = judged(tmp_path, GOLD, extra=f"crop: {crop}\n")
    assert result.code == 2
    assert "frame 0: crop" in result.screen


def test_bounds_as_people_write_them(tmp_path):
    task = frames(tmp_path)
    task.write_text(task.read_text().replace("0.1", "1e-5").replace("max_depth: 10", "max_depth: 1e1"))
    result = score(task, predictions(tmp_path, GOLD), metrics=["AbsRel"])
    assert result.code == 0
    assert "1e-05-10 m" in result.screen


# Alignment and clamping.


@pytest.mark.parametrize(("n", "same"), [(9, True), (10, True), (11, False)])
def test_polyfit_leaves_ten_pixels_as_they_are(n, same):
    g = np.linspace(1, 2, n)
    assert (align("polyfit", 3 * g + 1, g, bounds=(0.1, 10)) == 3 * g + 1).all() == same


def test_zoe_counts_infinity_as_the_greatest_depth_and_nan_as_the_least():
    p = np.array([[np.inf, np.nan, -np.inf, -3.0, 5.0, 99.0]])
    got = scored_pixels(p, np.ones((1, 6), dtype=bool), protocol="zoe", bounds=(0.5, 10.0))
    assert clamp(got, protocol="zoe", bounds=(0.5, 10.0)).tolist() == [10, 0.5, 0.5, 0.5, 5, 10]


@pytest.mark.parametrize("bad", [np.inf, np.nan])
@pytest.mark.parametrize("protocol", ["metric3d", "zoe", "depth_anything_v2", "marigold"])
def test_what_is_not_scored_may_be_anything(tmp_path, bad, protocol):
    gold, depth = GOLD.copy(), GOLD * 1.1
    gold[0, 0], depth[0, 0] = 0, bad
    result = judged(tmp_path, depth, gold=gold, extra=f"protocol: {protocol}\n")
    assert result.code == 0
    assert result["AbsRel"] == pytest.approx(0.1, abs=1e-3)


@pytest.mark.parametrize("protocol", ["metric3d", "depth_anything_v2", "marigold"])
def test_nan_where_it_is_scored_names_the_frame(tmp_path, protocol):
    depth = GOLD.copy()
    depth[1, 1] = np.nan
    result = judged(tmp_path, GOLD, depth, extra=f"protocol: {protocol}\n")
    assert result.code == 2
    assert "frame 1" in result.screen
    assert "1 of 48" in result.screen


def test_one_pixel_below_zero_costs_no_metric(tmp_path):
    depth = GOLD * 1.1
    depth[2, 2] = -0.01
    result = judged(tmp_path, depth, GOLD, metrics=METRICS)
    assert result.code == 0
    assert all(np.isfinite(result[metric]) for metric in METRICS)
    expected = np.mean(np.abs(depth - GOLD) / GOLD) / 2
    assert result["AbsRel"] == pytest.approx(expected, abs=2e-4)
    assert result["delta@1"] == pytest.approx(1 - 1 / 96)  # never a hit: g / p is negative
    assert "0 m or less" in result.screen
    assert ": 1" in result.screen


# Predictions that cannot be what they claim to be.


@pytest.mark.parametrize(
    ("shape", "word"), [((8, 6), "on its side"), ((4, 3), "on its side"), ((1, 1), "1x1"), ((6, 8, 1), "(6, 8, 1)")]
)
def test_maps_of_a_shape_that_cannot_be_are_refused(tmp_path, shape, word):
    result = judged(tmp_path, np.ones(shape))
    assert result.code == 2
    assert word in result.screen
    assert "0" in result.screen


def test_resized_maps_are_counted(tmp_path):
    result = judged(tmp_path, GOLD, np.ones((3, 4)), np.ones((12, 16)), np.ones((3, 4)))
    assert result.code == 0
    assert "maps resized from 3x4: 2" in result.screen
    assert "maps resized from 12x16: 1" in result.screen


@pytest.mark.parametrize("average", ["image", "pixel"])
def test_a_frame_without_a_valid_pixel_is_counted_and_undefined(tmp_path, average):
    task = frames(tmp_path, n=3)
    Image.fromarray(np.zeros(GOLD.shape, dtype=np.uint16)).save(tmp_path / "depth" / "1.png")
    names = [f"{name}(average={average})" for name in ("AbsRel", "SILog", "RMSE")]
    result = score(task, predictions(tmp_path, GOLD * 1.1, GOLD, GOLD * 1.1), metrics=names)
    assert result.code == 0
    assert "frames without a valid pixel: 1" in result.screen
    assert result.rows[0]["value"] == pytest.approx(0.1)
    assert [row["n"] for row in result.rows] == [2, 2, 2]


def test_the_scale_of_predicted_images(tmp_path):
    task = frames(tmp_path)
    (tmp_path / "pred").mkdir()
    Image.fromarray((GOLD * 256).round().astype(np.uint16)).save(tmp_path / "pred" / "0.png")
    assert "(prediction_scale: 256)" in score(task, tmp_path / "pred").screen
    result = score(frames(tmp_path, extra="prediction_scale: 256\n"), tmp_path / "pred", metrics=["AbsRel"])
    assert result["AbsRel"] == pytest.approx(0, abs=1e-3)


def test_eight_bits_are_no_depth_map(tmp_path):
    task = frames(tmp_path)
    (tmp_path / "pred").mkdir()
    Image.fromarray((GOLD * 20).astype(np.uint8)).save(tmp_path / "pred" / "0.png")
    result = score(task, tmp_path / "pred")
    assert result.code == 2
    assert "pred/0.png" in result.screen
    assert "8 bits" in result.screen


def test_eight_bits_are_no_ground_truth(tmp_path):
    task = frames(tmp_path)
    Image.fromarray((GOLD * 20).astype(np.uint8)).save(tmp_path / "depth" / "0.png")
    result = score(task, predictions(tmp_path, GOLD))
    assert result.code == 2
    assert "depth/0.png" in result.screen
    assert "8 bits" in result.screen


def test_an_image_without_depth_scale_is_refused(tmp_path):
    result = judged(tmp_path, GOLD, scale=None)
    assert result.code == 2
    assert "f.jsonl:1" in result.screen
    assert "'depth_scale'" in result.screen
    assert "1000" in result.screen


@pytest.mark.parametrize("scale", ["NaN", "1e999", "0", "-1", "true", '"1000"'])
def test_nonsense_as_depth_scale(tmp_path, scale):
    task = frames(tmp_path)
    (tmp_path / "f.jsonl").write_text((tmp_path / "f.jsonl").read_text().replace("1000", scale))
    result = score(task, predictions(tmp_path, GOLD))
    assert result.code == 2
    assert "f.jsonl:1" in result.screen


def test_null_in_a_frame_means_what_holds_for_all_frames(tmp_path):
    frames(tmp_path)
    row = json.loads((tmp_path / "f.jsonl").read_text())
    np.save(tmp_path / "depth" / "0.npy", GOLD * 1000)
    row |= {"depth": "depth/0.npy", "depth_scale": None, "intrinsics": None, "cam_in": None}
    (tmp_path / "f.jsonl").write_text(json.dumps(row) + "\n")
    found = depth_frames(path=str(tmp_path / "f.jsonl"), depth_scale=1000, intrinsics=[8.0, 8.0, 4.0, 3.0])
    assert found.items[0].intrinsics == (8.0, 8.0, 4.0, 3.0)
    assert found.depth[0].scale == 1000
    row["cam_in"] = [9.0, 9.0, 4.0, 3.0]
    (tmp_path / "f.jsonl").write_text(json.dumps(row) + "\n")
    assert depth_frames(path=str(tmp_path / "f.jsonl"), depth_scale=1000).items[0].intrinsics == (9.0, 9.0, 4.0, 3.0)


def test_ground_truth_in_another_unit_says_which(tmp_path):
    result = judged(tmp_path, GOLD, scale=1)
    assert result.code == 2
    assert "no valid pixel in any of 1 frames" in result.screen
    assert "`depth_scale: 1000`?" in result.screen


# Which map belongs to which frame.


@pytest.mark.parametrize(
    ("file", "frame"),
    [("p/0.npy", "a/rgb/0.png"), ("p/a_rgb_1.npy", "a/rgb/1.png"), ("p/b/rgb/1.npy", "b/rgb/1.png"), ("p/2.x.npy", "2.x"),
     ("p/other.npy", "other")],
)  # fmt: skip
def test_maps_find_their_frame_by_path_or_by_a_name_that_is_no_others(tmp_path, file, frame):
    ids = ["a/rgb/0.png", "a/rgb/1.png", "b/rgb/1.png", "2.x", "2.y"]
    assert frame_of(tmp_path / file, ids) == frame


def test_a_name_that_fits_two_frames_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"end of 2 frame ids.*a_rgb_1\.npy"):
        frame_of(tmp_path / "1.npy", ["a/rgb/1.png", "b/rgb/1.png"])


def test_maps_in_folders_are_matched_by_their_path(tmp_path):
    names = ["a/0", "b/0"]
    task = frames(tmp_path, n=2, names=names)
    result = score(task, predictions(tmp_path, GOLD, GOLD * 2, names=names), metrics=["AbsRel"])
    assert result.code == 0
    assert result["AbsRel"] == pytest.approx(0.5)
