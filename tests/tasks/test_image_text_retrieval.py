"""The retrieval task end to end: both directions, folds, depth, formats, and scoring a matrix."""

import csv
import functools
import io
import json
import tarfile

import numpy as np
import pytest

from tests.data.builders import png
from tests.test_cli import zsbench
from zsbench.config.paths import ASSETS
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.captions.caption_table import caption_table
from zsbench.data.captions.hf_captions import hf_captions
from zsbench.data.captions.karpathy import karpathy
from zsbench.data.captions.webdataset_captions import webdataset_captions
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

FOLDER = ASSETS / "data" / "glyph-captions"


def rows():
    with (FOLDER / "captions.csv").open() as handle:
        found = {}
        for row in csv.DictReader(handle):
            found.setdefault(row["path"], []).append(row["caption"])
        return found


def evaluate(tmp_path, *assignments, methods=("dual-encoder",), **settings):
    choices = Choices(("clip-glyphs",), methods, {"resamples": 200, **settings}, assignments)
    made = planning.make("glyph-captions", choices)
    options = Options(tmp_path / "out", Cache(tmp_path / "cache"))
    outcomes = list(local.run(made, options, lambda *_: None, lambda _: None))
    assert [str(o.error) for o in outcomes if o.error] == []
    return [outcome.result for outcome in outcomes]


def test_the_embedded_task_stands_far_above_chance(tmp_path):
    model, chance = evaluate(tmp_path, methods=("dual-encoder", "random-match"))
    for name, score in model["metrics"].items():
        assert score["low"] > chance["metrics"][name]["high"], name
    assert model["metrics"]["hit(query=text)@1"]["n"] == sum(map(len, rows().values()))
    assert model["metrics"]["hit(query=image)@1"]["n"] == len(rows())


def test_where_answers_tie_both_rules_are_shown(tmp_path):
    model, chance = evaluate(tmp_path, methods=("dual-encoder", "random-match"))
    [other] = evaluate(tmp_path / "best", "task.metrics=['hit(query=image,ties=best)@1']")
    value = other["metrics"]["hit(query=image,ties=best)@1"]["value"]
    assert value > model["metrics"]["hit(query=image)@1"]["value"]
    assert model["notes"]["with ties=best"]["hit(query=image)@1"] == value
    assert model["notes"]["warning"].endswith(f"with ties=best: hit(query=image)@1 {value:.1%}".replace("%", " %"))
    # Nothing ties by chance, and a metric that names its rule has nothing to say.
    assert "with ties=best" not in chance["notes"]
    assert not other["notes"].get("with ties=best")


def test_depth_and_batch_change_no_hit(tmp_path):
    [whole] = evaluate(tmp_path / "a")
    [cut] = evaluate(tmp_path / "b", "task.depth=10", batch_size=7)
    assert {n: s["value"] for n, s in whole["metrics"].items()} == {n: s["value"] for n, s in cut["metrics"].items()}


def test_cut_offs_that_reach_the_whole_gallery_are_said(tmp_path):
    [result] = evaluate(
        tmp_path, "task.metrics=[hit(query=text)@1, hit(query=text)@5, hit(query=image)@10, RSUM]", limit=4
    )
    n = result["metrics"]["hit(query=text)@1"]["n"]
    assert 4 < n < 10
    assert result["notes"]["warning"].split("; ") == [
        "hit(query=text)@5, RSUM: there are only 4 images to find",
        f"hit(query=image)@10, RSUM: there are only {n} captions to find",
    ]
    [whole] = evaluate(tmp_path / "whole")
    assert "to find" not in whole["notes"].get("warning", "")


def test_folds_are_galleries_of_their_own(tmp_path):
    [result] = evaluate(tmp_path, "task.folds=5")
    assert result["protocol"] == "all captions, 5 folds"
    import pyarrow.parquet as pq

    shard = next((tmp_path / "out").rglob("00000.parquet"))
    images, n = list(rows()), len(rows())
    for row in pq.read_table(shard).to_pylist()[:40]:
        folds = {images.index(i) * 5 // n for i in row["found"]}
        assert folds == {images.index(row["id"].partition("#")[0]) * 5 // n}


def test_a_score_matrix_is_judged_like_the_run_it_came_from(tmp_path):
    own = [(path, text) for path, texts in rows().items() for text in texts]
    images = list(rows())
    matrix = np.array([[float(path == image) for image in images] for path, _ in own])
    np.savez(tmp_path / "scores.npz", scores=matrix)
    done = zsbench("score", "glyph-captions", "--predictions", str(tmp_path / "scores.npz"), "--json")
    assert done.returncode == 0, done.stderr
    values = {row["metric"]: row["value"] for row in json.loads(done.stdout)["rows"]}
    assert values["hit(query=text)@1"] == 1
    assert values["hit(query=image)@1"] == 1


def test_every_format_gives_the_same_pairs(tmp_path):
    import datasets

    expected = caption_table(path=str(FOLDER / "captions.csv"))
    (tmp_path / "test").mkdir()
    with tarfile.open(tmp_path / "test" / "0.tar", "w") as archive:
        for i, (path, texts) in enumerate(rows().items()):
            for suffix, data in (("png", (FOLDER / path).read_bytes()), ("txt", "\n".join(texts).encode())):
                entry = tarfile.TarInfo(f"{i:04d}.{suffix}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    described = [
        {"filename": path, "split": "test", "sentences": [{"raw": text} for text in texts]}
        for path, texts in rows().items()
    ]
    (tmp_path / "captions.json").write_text(json.dumps({"images": described}))
    features = datasets.Features({"image": datasets.Image(), "caption": [datasets.Value("string")]})
    images = [{"bytes": (FOLDER / path).read_bytes(), "path": None} for path in rows()]
    saved = datasets.Dataset.from_dict({"image": images, "caption": list(rows().values())}, features=features)
    saved.save_to_disk(str(tmp_path / "saved"))
    for found in (
        webdataset_captions(path=str(tmp_path)),
        hf_captions(path=str(tmp_path / "saved")),
        karpathy(path=str(tmp_path / "captions.json"), images=str(FOLDER)),
    ):
        pairs = {item.digest(): list(texts) for item, texts in zip(found.items, found.captions, strict=True)}
        assert pairs == {
            item.digest(): list(texts) for item, texts in zip(expected.items, expected.captions, strict=True)
        }


def test_bad_caption_files_are_named(tmp_path):
    (tmp_path / "captions.json").write_text('{"images": [{"filename": "a.png", "split": "test"}]}')
    with pytest.raises(UserError, match="not a caption file"):
        karpathy(path=str(tmp_path / "captions.json"), images=str(FOLDER))
    described = {"images": [{"filename": "none.png", "split": "test", "sentences": [{"raw": "x"}]}]}
    (tmp_path / "captions.json").write_text(json.dumps(described))
    with pytest.raises(UserError, match=r"no such file 'none\.png'"):
        karpathy(path=str(tmp_path / "captions.json"), images=str(FOLDER))
    with pytest.raises(UserError, match="no split 'val'; expected one of test"):
        karpathy(path=str(tmp_path / "captions.json"), images=str(FOLDER), split="val")
    described["images"][0] |= {"filename": "digit-one-1.png", "sentences": []}
    (tmp_path / "captions.json").write_text(json.dumps(described))
    with pytest.raises(UserError, match="has no caption"):
        karpathy(path=str(tmp_path / "captions.json"), images=str(FOLDER))


def test_images_of_one_name_in_two_folders_are_two_images(tmp_path):
    rows = []
    for number, folder in enumerate(("train", "val")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(png(number))
        rows.append({"filename": "a.png", "filepath": folder, "split": "test", "sentences": [{"raw": folder}]})
    (tmp_path / "captions.json").write_text(json.dumps({"images": rows}))
    found = karpathy(path=str(tmp_path / "captions.json"), images=str(tmp_path))
    assert found.captions == [["train"], ["val"]]
    assert [item.read() for item in found.items] == [png(0), png(1)]


def test_images_stand_by_name_or_as_in_the_file(tmp_path):
    names = ["letter-Y-1.png", "house-1.png", "letter-H-1.png"]
    rows = [{"filename": name, "split": "test", "sentences": [{"raw": name}]} for name in names]
    (tmp_path / "captions.json").write_text(json.dumps({"images": rows}))
    read = functools.partial(karpathy, path=str(tmp_path / "captions.json"), images=str(FOLDER))
    assert [item.id for item in read(order="file").items] == names
    assert [item.id for item in read().items] == sorted(names)
    assert read(order="file").captions == [[name] for name in names]


def test_rankings_in_several_shards_name_items_of_any_shard(tmp_path, monkeypatch):
    """A shard holds the rankings of some queries, whose galleries are all images or captions of the task."""
    from typer.testing import CliRunner

    from zsbench.cli.main import app
    from zsbench.tasks.image_text.image_text_retrieval import Task

    def values(*arguments):
        outcome = CliRunner().invoke(app, [*arguments, "--json"])
        assert outcome.exit_code == 0, (outcome.output, outcome.exception)
        return {row["metric"]: row["value"] for row in json.loads(outcome.stdout)["rows"]}

    call = ["eval", "glyph-captions", "--model", "clip-glyphs", "--limit", "30", "--offline", "--out"]
    whole = values(*call, str(tmp_path / "whole"))
    monkeypatch.setattr(Task, "shard_size", 7)
    assert values(*call, str(tmp_path / "shards")) == whole
    [folder] = (path.parent for path in (tmp_path / "shards").rglob("result.json"))
    assert len(list((folder / "predictions").iterdir())) > 2
    assert values("score", "glyph-captions", "--predictions", str(folder)) == whole


def test_an_image_that_is_named_like_a_caption_is_refused(tmp_path):
    """Predictions are found by their id, so that one of the two would get the other's."""
    for name in ("a.png", "a.png#0"):
        (tmp_path / name).write_bytes((FOLDER / next(iter(rows()))).read_bytes())
    (tmp_path / "t.csv").write_text("path,caption\na.png,one\na.png#0,two\n")
    np.savez(tmp_path / "s.npz", scores=np.eye(2))
    done = zsbench(
        "score",
        "image-text-retrieval",
        "--gold",
        str(tmp_path / "t.csv"),
        "--predictions",
        str(tmp_path / "s.npz"),
    )
    assert done.returncode == 2
    assert "item id 'a.png#0' stands twice" in " ".join(done.stderr.split())
