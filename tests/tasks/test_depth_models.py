"""Depth models, methods and alignments that do not go together are refused before anything is loaded."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.close import assert_rows_close
from tests.tasks._scoring import zsbench
from tests.tasks.test_depth import GOLD, frames, predictions
from zsbench.config import catalog, overlay
from zsbench.models import huggingface
from zsbench.models.depth.hf_depth import hf_depth
from zsbench.plan import planning, task_configs
from zsbench.plan.choices import Choices

ROOMS = ["eval", "rooms-60", "--model", "depth-rooms", "--offline"]


def chosen(**options):
    return [part for key, value in options.items() for part in ("--set", f"{key.replace('__', '.')}={value}")]


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        ("predicted-depth", {"model__output": "disparity", "model__canonical_focal": "null"}, "align lsq_disparity"),
        (
            "predicted-depth",
            {"model__output": "affine_depth", "model__canonical_focal": "null"},
            "align median_scale or",
        ),
        ("predicted-depth", {}, "canonical depth taken as metres"),
        ("predicted-depth", {"task__align": "lsq_disparity"}, "predicts canonical under align lsq_disparity"),
        ("canonical-camera", {"model__output": "metric", "model__canonical_focal": "null"}, "output: canonical"),
        ("canonical-camera", {"model__canonical_focal": "null"}, "no canonical focal length"),
        ("predicted-depth", {"model__output": "metric"}, "canonical_focal: an option of 'hf-depth' without effect"),
        ("canonical-camera", {"method__min_depth": "9", "method__max_depth": "3"}, "less than that"),
        ("canonical-camera", {"model__canonical_focal": "0"}, "a number above 0"),
        ("canonical-camera", {"method__canonical_focal": "0"}, "a number above 0"),
        ("canonical-camera", {"model__output": "metrc"}, "'metric'"),
        ("constant-depth", {"method__metres": "-2"}, "a number above 0"),
    ],
)
def test_what_does_not_go_together(method, options, words, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface, "load", lambda *_, **__: pytest.fail("the model was loaded"))
    code, _, err = zsbench(*ROOMS, "--method", method, *chosen(**options))
    assert code == 2
    assert words in err


def test_missing_options_say_what_they_may_be(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    _, _, err = zsbench("eval", "rooms-60", "--model", "hf-depth:Intel/dpt-large", "--offline")
    assert "one of metric, disparity, affine_depth, canonical" in err
    assert "--set model.output=..." in err
    _, _, err = zsbench("eval", "rooms-60", "--method", "constant-depth")
    assert "--set method.metres=..." in err


def test_the_output_belongs_to_the_fingerprint():
    folder = str(planning.make("rooms-60", Choices(models=("depth-rooms",))).jobs[0].model.resolved()["model"])
    prints = {hf_depth(model=folder, output=output, canonical_focal=focal).fingerprint for output, focal in
              [("metric", None), ("disparity", None), ("canonical", 60.0), ("canonical", 61.0)]}  # fmt: skip
    assert len(prints) == 4


def test_zoedepth_gets_the_size_that_its_padding_is_cut_by(tmp_path):
    import torch
    from transformers import BeitConfig, ZoeDepthConfig, ZoeDepthForDepthEstimation, ZoeDepthImageProcessor

    torch.manual_seed(0)
    backbone = BeitConfig(
        image_size=32, patch_size=4, num_hidden_layers=4, hidden_size=16, num_attention_heads=2, intermediate_size=32,
        out_indices=[1, 2, 3, 4], reshape_hidden_states=False, use_relative_position_bias=True,
        use_absolute_position_embeddings=False,
    )  # fmt: skip
    settings = ZoeDepthConfig(
        backbone_config=backbone, backbone_hidden_size=16, neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=16,
        bottleneck_features=16, num_relative_features=8, bin_embedding_dim=8, num_attractors=[4, 2, 2, 2],
        num_patch_transformer_layers=None, patch_transformer_hidden_size=None, patch_transformer_intermediate_size=None,
        patch_transformer_num_attention_heads=None,
        bin_configurations=[{"n_bins": 8, "min_depth": 0.001, "max_depth": 10.0, "name": "nyu"}],
    )  # fmt: skip
    ZoeDepthForDepthEstimation(settings).save_pretrained(tmp_path)
    size = {"height": 32, "width": 32}
    processor = ZoeDepthImageProcessor(size=size, ensure_multiple_of=4, keep_aspect_ratio=False)
    processor.save_pretrained(tmp_path)
    model = hf_depth(model=str(tmp_path), output="metric")
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    [depth] = model.predict_depth([image])
    with torch.inference_mode():
        outputs = model._model(**processor(images=image, return_tensors="pt"))
    found = processor.post_process_depth_estimation(outputs, source_sizes=[(48, 64)], target_sizes=[(48, 64)])
    assert_rows_close(depth, found[0]["predicted_depth"], share=1e-5)


def test_depth_pro_takes_the_focal_length_that_it_estimates(tmp_path):
    import torch
    from transformers import DepthProConfig, DepthProForDepthEstimation, DepthProImageProcessor

    torch.manual_seed(0)
    encoder = {"model_type": "dinov2", "image_size": 16, "patch_size": 4, "hidden_size": 16, "num_hidden_layers": 2}
    encoder |= {"num_attention_heads": 2, "mlp_ratio": 2}
    towers = {f"{part}_model_config": encoder for part in ("image", "patch", "fov")}
    settings = DepthProConfig(
        **towers, fusion_hidden_size=8, patch_size=16, intermediate_hook_ids=[1, 0], intermediate_feature_dims=[8, 8],
        scaled_images_ratios=[0.25, 0.5, 1], scaled_images_overlap_ratios=[0.0, 0.5, 0.25],
        scaled_images_feature_dims=[8, 8, 8], use_fov_model=True, num_fov_head_layers=1,
    )  # fmt: skip
    DepthProForDepthEstimation(settings).save_pretrained(tmp_path)
    processor = DepthProImageProcessor(size={"height": 64, "width": 64})
    processor.save_pretrained(tmp_path)
    model = hf_depth(model=str(tmp_path), output="metric")
    image = np.random.default_rng(0).integers(0, 255, (48, 80, 3), dtype=np.uint8)
    [depth] = model.predict_depth([image])
    with torch.inference_mode():
        outputs = model._model(model._image_processor(images=image, return_tensors="pt")["pixel_values"])
    # The network's inverse depth is for a focal length of the image's width, here that of the estimated field of view.
    focal = 0.5 * 80 / np.tan(0.5 * np.deg2rad(outputs.field_of_view.item()))
    inverse = outputs.predicted_depth[:, None] * 80 / focal
    wide = torch.nn.functional.interpolate(inverse, size=(48, 80), mode="bilinear", align_corners=False)[0, 0]
    assert_rows_close(depth, 1 / wide.clamp(1e-4, 1e4).numpy(), share=1e-4)


# Units of predictions, asked of a task as `eval` and `score` do.


@pytest.mark.parametrize(
    ("factor", "align", "doubt"),
    [(1000, "none", "is 1000 times the truth: millimetres?"), (100, "none", "centimetres?"), (1.5, "none", ""),
     (1e-3, "none", "1/1000 of the truth"), (1000, "median_scale", "")],
)  # fmt: skip
def test_predictions_in_another_unit_are_doubted(tmp_path, factor, align, doubt):
    task, source = task_configs.read_task(overlay.load(frames(tmp_path, extra=f"align: {align}\n")))
    built = catalog.load_module("tasks", "depth").Task(task, source)
    data = built.load(limit=None, seed=0)
    list(built.chunks(data, [GOLD * factor]))
    assert doubt in built.doubt(data, {})
    assert bool(doubt) == bool(built.doubt(data, {}))


def doubt(tmp_path, *maps):
    task, source = task_configs.read_task(overlay.load(frames(tmp_path, n=len(maps))))
    built = catalog.load_module("tasks", "depth").Task(task, source)
    data = built.load(limit=None, seed=0)
    list(built.chunks(data, maps))
    return built.doubt(data, {})


def test_disparity_taken_as_depth_is_doubted(tmp_path):
    assert "disparity?" in doubt(tmp_path, 1 / GOLD, 5 / GOLD, GOLD)
    assert (
        doubt(tmp_path, np.full_like(GOLD, 3), np.random.default_rng(0).permutation(GOLD.ravel()).reshape(6, 8)) == ""
    )


# A folder of frames.


def folder(tmp_path, extra=""):
    """Write rgb/ and depth/ of three frames, and a task over the folder."""
    frames(tmp_path / "d", n=3)
    text = (
        f"description: d\ntype: depth\ndata: {{source: depth-frames, path: d{extra}}}\nmin_depth: 0.1\nmax_depth: 10\n"
    )
    (tmp_path / "t.yaml").write_text(text)
    return tmp_path / "t.yaml"


def loaded(path):
    _, source = task_configs.read_task(overlay.load(path))
    return source.build(), source.files()


def test_a_folder_of_rgb_and_depth_is_a_source(tmp_path):
    task = folder(tmp_path, ", depth_scale: 1000")
    code, out, _ = zsbench("score", task, "--predictions", predictions(tmp_path, GOLD, GOLD, GOLD), "--json")
    assert code == 0
    assert json.loads(out)["rows"][0]["value"] == pytest.approx(0, abs=1e-6)


def test_what_has_no_partner_is_counted_and_every_file_is_declared(tmp_path):
    task = folder(tmp_path, ", depth_scale: 1000, intrinsics: [5, 6, 3, 2]")
    (tmp_path / "d" / "rgb" / "2.png").unlink()
    (tmp_path / "d" / "depth" / "1.png").unlink()
    (tmp_path / "d" / "rgb" / "._0.png").write_bytes(b"x")
    found, files = loaded(task)
    assert [frame.id for frame in found.items] == ["0"]
    assert found.items[0].intrinsics == (5, 6, 3, 2)
    assert found.counts == {"images without a depth map": 1, "depth maps without an image": 1}
    assert {file.rpartition("/d/")[2] for file in files} == {"rgb/0.png", "depth/0.png"}


def test_cameras_from_a_file(tmp_path):
    task = folder(tmp_path, ", depth_scale: 1000")
    cameras = tmp_path / "d" / "intrinsics.json"
    cameras.write_text(json.dumps({"0": [1, 1, 1, 1], "1": [2, 2, 2, 2], "2": [3, 3, 3, 3]}))
    found, files = loaded(task)
    assert [frame.intrinsics[0] for frame in found.items] == [1, 2, 3]
    assert str(cameras) in files
    cameras.write_text(json.dumps({"0": [1, 1, 1, 1], "1": [2, 2, 2, 2]}))
    code, _, err = zsbench("score", task, "--predictions", predictions(tmp_path, GOLD))
    assert code == 2
    assert "intrinsics.json" in err
    assert "'2'" in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: (d / "rgb").rename(d / "images"), "a folder without rgb/ and depth/"),
        (lambda d: [path.rename(path.with_name("x" + path.name)) for path in list((d / "rgb").iterdir())], "no name"),
        (lambda d: Image.new("RGB", (8, 6)).save(d / "rgb" / "0.jpg"), "stands twice"),
    ],
)
def test_folders_that_are_no_frames(tmp_path, change, words):
    task = folder(tmp_path, ", depth_scale: 1000")
    change(tmp_path / "d")
    code, _, err = zsbench("score", task, "--predictions", predictions(tmp_path, GOLD))
    assert code == 2
    assert words in err
