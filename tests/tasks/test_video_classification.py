"""Videos end to end: frames from folders, arrays and files, views, given logits, and what is refused."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.close import assert_rows_close
from tests.test_cli import zsbench
from zsbench.config.paths import ASSETS
from zsbench.core.errors import UserError
from zsbench.methods.video import Clips, VideoProblem, frame_numbers
from zsbench.methods.video.given_logits import given_logits
from zsbench.methods.video.mean_frames import mean_frames
from zsbench.methods.video.video_text import video_text
from zsbench.tasks.video.video_classification import crop

GLYPHS = ASSETS / "data" / "glyph-captions"
CLASSES = ["heart", "star", "moon"]


def frames(name, n):
    """A glyph that moves a little: n frames as RGB arrays."""
    image = np.asarray(Image.open(GLYPHS / f"{name}-1.png").convert("RGB"))
    return [np.roll(image, i % 3, axis=1) for i in range(n)]


def task(data, **keys):
    lines = ["description: moving glyphs", "type: video-classification", f"data: {json.dumps(data)}"]
    return "\n".join(lines + [f"{key}: {json.dumps(value)}" for key, value in keys.items()])


def run(tmp_path, text, *options):
    (tmp_path / "t.yaml").write_text(text)
    done = zsbench("eval", "t.yaml", "--json", *options, cwd=tmp_path)
    return done, {
        row["metric"]: row["value"] for row in json.loads(done.stdout)["suites"][0]["rows"]
    } if done.stdout else {}


@pytest.fixture
def folder(tmp_path):
    for name in CLASSES:
        for video in range(2):
            path = tmp_path / "videos" / name / f"v{video}"
            path.mkdir(parents=True)
            for i, frame in enumerate(frames(name, 5 + video)):
                Image.fromarray(frame).save(path / f"{i:03d}.png")
    return tmp_path


def test_folders_of_frames_with_views(folder):
    text = task(
        {"source": "frame-folders", "path": "videos"},
        templates=["a photo of a {}"], frames=4, clips=2, crops=3, metrics=["acc@1"],
    )  # fmt: skip
    done, values = run(folder, text, "--model", "clip-glyphs", "--batch-size", "1")
    assert done.returncode == 0, done.stderr
    assert values["acc@1"] == 1
    scores = next(folder.rglob("00000.parquet")).read_bytes()
    again, _ = run(folder, text, "--model", "clip-glyphs", "--fresh", "--batch-size", "500")
    assert again.returncode == 0
    import io

    import pyarrow.parquet as pq

    one, many = (pq.read_table(io.BytesIO(raw)).column("scores").to_pylist() for raw in (
        scores, next(folder.rglob("00000.parquet")).read_bytes()))  # fmt: skip
    assert_rows_close(one, many, share=1e-5)
    np.testing.assert_allclose(np.sum(one, axis=1), 6, atol=1e-4)  # one probability for each of 2 x 3 views


def test_arrays_and_given_logits(tmp_path):
    stacked = np.stack([frames(name, 4) for name in CLASSES])
    np.savez(tmp_path / "v.npz", frames=stacked, labels=np.arange(3), class_names=np.array(CLASSES))
    text = task({"source": "video-arrays", "path": "v.npz"}, templates=["a photo of a {}"], metrics=["acc@1"])
    done, values = run(tmp_path, text, "--model", "clip-glyphs", "--method", "mean-frames", "--method", "random-video")
    assert done.returncode == 0, done.stderr
    logits = np.array([[[2.0, 0, 0], [0, 9, 0]], [[0, 1, 0], [0, 1, 0]]])
    np.savez(tmp_path / "l.npz", view_logits=logits, labels=np.array([1, 1]))
    done, values = run(
        tmp_path, task({"source": "view-logits", "path": "l.npz"}, metrics=["acc@1"]), "--method", "given-logits"
    )
    assert done.returncode == 0, done.stderr
    assert values["acc@1"] == 1


def test_video_files_are_decoded(tmp_path):
    av = pytest.importorskip("av")
    for name in CLASSES:
        (tmp_path / "videos" / name).mkdir(parents=True)
        with av.open(str(tmp_path / "videos" / name / "a.mp4"), "w") as container:
            stream = container.add_stream("mpeg4", rate=5)
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p"
            for frame in frames(name, 6):
                image = Image.fromarray(frame).resize((64, 64))
                for packet in stream.encode(av.VideoFrame.from_image(image)):
                    container.mux(packet)
            for packet in stream.encode():
                container.mux(packet)
    (tmp_path / "split1.txt").write_text("heart/a.mp4 1\nmoon/a.mp4 3\n")
    text = task(
        {"source": "video-files", "path": "videos", "only": "split1.txt"},
        templates=["a photo of a {}"], frames=3, metrics=["acc@1"],
    )  # fmt: skip
    done, values = run(tmp_path, text, "--model", "clip-glyphs")
    assert done.returncode == 0, done.stderr
    assert values["acc@1"] == 1
    (tmp_path / "videos" / "heart" / "a.mp4").write_bytes(b"no video")
    done, _ = run(tmp_path, text, "--model", "clip-glyphs", "--fresh")
    assert done.returncode == 3
    assert "a.mp4: cannot be decoded as a video" in done.stderr


def test_bad_videos_are_named(tmp_path):
    (tmp_path / "videos" / "heart" / "empty").mkdir(parents=True)
    done, _ = run(tmp_path, task({"source": "frame-folders", "path": "videos"}), "--model", "clip-glyphs")
    assert done.returncode == 2
    assert "a video without frames" in done.stderr
    np.savez(tmp_path / "v.npz", frames=np.zeros((2, 4, 8, 8, 3)), labels=np.arange(2))
    done, _ = run(tmp_path, task({"source": "video-arrays", "path": "v.npz"}), "--model", "clip-glyphs")
    assert done.returncode == 2
    assert "uint8" in done.stderr


@given(total=st.integers(1, 400), n=st.integers(1, 40))
def test_frames_come_from_the_middle_of_equal_parts(total, n):
    numbers = frame_numbers(total, n)
    assert len(numbers) == n
    assert numbers == sorted(numbers)
    assert all(0 <= i < total for i in numbers)
    if total >= n:
        assert all(i * total / n - 1 < number < (i + 1) * total / n for i, number in enumerate(numbers))


def test_three_crops_cover_the_longer_side():
    wide = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(1, 12).repeat(4, axis=0))
    assert [np.asarray(crop(wide, i, 3))[0, 0] for i in range(3)] == [0, 4, 8]
    assert crop(wide, 0, 1) is wide


def test_views_are_compared_at_the_models_own_scale_unless_the_task_sets_one():
    rng = np.random.default_rng(0)
    model = SimpleNamespace(
        logit_scale=7.0,
        encode_texts=lambda texts: np.eye(4)[[len(text) for text in texts]],
        encode_images=lambda frames: np.stack(frames),
    )
    clips = [Clips("a", [list(rng.normal(size=(3, 4))) for _ in range(2)])]
    mean = [np.mean([f / np.linalg.norm(f) for f in view], axis=0) for view in clips[0].views]
    cosines = np.stack([m / np.linalg.norm(m) for m in mean])[:, 1:3]
    for asked, scale in ((None, 7.0), (3.0, 3.0)):
        found = mean_frames()(model, VideoProblem(["x", "yy"], [["x"], ["yy"]], asked))(clips)
        np.testing.assert_allclose(found[0], scale * cosines, rtol=1e-5)


@pytest.mark.parametrize("rule", [video_text(), given_logits()])
def test_a_scale_that_could_not_count_is_refused(rule):
    with pytest.raises(UserError, match="`logit_scale:` in the task"):
        rule(None, VideoProblem(["x"], [["x"]], 3.0))
