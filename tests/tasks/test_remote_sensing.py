"""RemoteCLIP's retrieval config over a file in its layout: capitals, order, six recalls; its classification folders."""

import json

import numpy as np
import pytest
from PIL import Image

from zsbench.core.cache import Cache
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options


def evaluate(tmp_path, name, **choices):
    made = planning.make(name, Choices(settings={"resamples": 100}, **choices))
    [outcome] = local.run(made, Options(tmp_path / "out", Cache(tmp_path / "cache")), lambda *_: None, lambda _: None)
    assert outcome.error is None, outcome.error
    return made.jobs[0], outcome.result


def test_rsitmd(tmp_path, monkeypatch):
    folder = tmp_path / "remoteclip" / "rsitmd"
    (folder / "images").mkdir(parents=True)
    rows = []
    for i, name in enumerate(["b.png", "a.png", "c.png"]):
        Image.fromarray(np.full((40, 40, 3), 60 * i, dtype=np.uint8)).save(folder / "images" / name)
        texts = [f"many UCM planes {i} {k}" for k in range(2)]
        rows.append({"filename": name, "split": "test", "sentences": [{"raw": text} for text in texts]})
    rows.append({"filename": "gone.png", "split": "train", "sentences": [{"raw": "x"}]})
    (folder / "dataset_RSITMD.json").write_text(json.dumps({"images": rows}))
    monkeypatch.setenv("ZSBENCH_DATA", str(tmp_path))
    job, result = evaluate(tmp_path, "rsitmd", models=("clip-glyphs",))
    data = job.build_task().load(limit=None, seed=0)
    assert [item.id for item in data.context.items] == ["a.png", "b.png", "c.png"]
    assert data.context.captions[:2] == ["Many ucm planes 1 0", "Many ucm planes 1 1"]
    scores = {name: score["value"] for name, score in result["metrics"].items()}
    six = [value for name, value in scores.items() if name != "mean-hit"]
    assert len(six) == 6
    assert scores["mean-hit"] == pytest.approx(sum(six) / 6)
    assert result["counts"] == {"queries whose answer ties with other items (counted against them)": 3}


def test_a_folder_a_class_and_the_last_fifth_of_its_images(tmp_path, monkeypatch):
    for name in ("bare_land", "airport"):
        folder = tmp_path / "remoteclip" / "aid" / name
        folder.mkdir(parents=True)
        for number in range(5):
            Image.new("RGB", (32, 32)).save(folder / f"{number}.png")
    monkeypatch.setenv("ZSBENCH_DATA", str(tmp_path))
    job, _ = evaluate(tmp_path, "rs-aid", models=("clip-glyphs",))
    items = job.build_task().load(limit=None, seed=0).items
    assert [item.id for item in items] == ["airport/4.png", "bare_land/4.png"]
    prompts = json.loads(next((tmp_path / "out").rglob("prompts.json")).read_text())
    assert prompts == ["a satellite photo of airport", "a satellite photo of bare land"]
