"""Counting: captions by object, the confusion matrix, what is refused."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from tests.test_cli import zsbench

GOOD = "description: how many\ntype: counting\ndata: {source: image-table, path: t.csv, label: count, group: object}\n"
UP_TO_3 = "numbers: [one, two, three]\n"


def table(folder, rows):
    for name, _, _ in rows:
        Image.new("RGB", (8, 8), (len(name) * 40 % 255, 30, 60)).save(folder / name)
    with (folder / "t.csv").open("w", newline="") as handle:
        csv.writer(handle).writerows([("path", "count", "object"), *rows])


def run(folder, text, *options):
    (folder / "t.yaml").write_text(text)
    done = zsbench("eval", "t.yaml", "--json", *options, cwd=folder)
    return done, json.loads(done.stdout)["suites"][0]["results"] if done.stdout else []


ROWS = [("a.png", 1, "ship"), ("a.png", 3, "car"), ("bb.png", 2, "ship"), ("ccc.png", 2, "car")]


def test_an_image_may_hold_several_things_to_count(tmp_path):
    table(tmp_path, ROWS)
    done, results = run(tmp_path, GOOD + UP_TO_3, "--model", "clip-glyphs", "--method", "dual-encoder")
    assert done.returncode == 0, done.stderr
    [result] = results
    folder = tmp_path / "runs" / "t" / "t" / "clip-glyphs" / "dual-encoder"
    prompts = json.loads((folder / "prompts.json").read_text())
    assert prompts == [
        f"There are {n} {thing}s in the image" for thing in ("car", "ship") for n in ("one", "two", "three")
    ]
    matrix = np.array(result["notes"]["confusion"]["true by predicted"])
    assert matrix.sum(axis=1).tolist() == [1, 2, 1]
    assert np.trace(matrix) / 4 == result["metrics"]["acc@1"]["value"]
    import pyarrow.parquet as pq

    items = pq.read_table(folder / "items.parquet").to_pydict()
    assert items["id"] == ["a.png ship", "a.png car", "bb.png ship", "ccc.png car"]
    assert items["group"] == ["ship", "car", "ship", "car"]
    truth, predicted = np.array([1, 3, 2, 2]), np.array(items["prediction"], dtype=int)
    assert (matrix == [[((truth == t) & (predicted == p)).sum() for p in (1, 2, 3)] for t in (1, 2, 3)]).all()
    scores = pq.read_table(folder / "predictions" / "00000.parquet").column("scores").to_pylist()
    assert (predicted == np.argmax(scores, axis=1) + 1).all()
    judged = zsbench("score", "t.yaml", "--predictions", str(folder / "predictions"), "--json", cwd=tmp_path)
    values = {row["metric"]: row["value"] for row in json.loads(judged.stdout)["rows"]}
    assert values == {name: score["value"] for name, score in result["metrics"].items()}, judged.stderr


def test_folders_of_numbers_and_one_kind_of_object(tmp_path):
    for number in (1, 2, 10):
        (tmp_path / "p" / str(number)).mkdir(parents=True)
        Image.new("L", (4, 4), number).save(tmp_path / "p" / str(number) / "x.png")
    text = "description: how many\ntype: counting\ndata: {source: imagefolder, path: p}\n"
    done, results = run(tmp_path, text + "object: dot\n", "--method", "random-match")
    assert done.returncode == 0, done.stderr
    # Folders sort as texts, 1, 10, 2; the numbers are what they say.
    assert np.array(results[0]["notes"]["confusion"]["true by predicted"]).sum(axis=1).tolist() == [1, 1, *[0] * 7, 1]
    assert results[0]["protocol"] == "template 'There are {number} {object}s in the image', one to ten"
    done, _ = run(tmp_path, text, "--method", "random-match")
    assert done.returncode == 2
    assert "nothing says what is counted" in done.stderr


BAD = {
    "has number 4; expected 1 to 3": (GOOD + UP_TO_3, [*ROWS, ("d.png", 4, "car")]),
    "has number 0; expected 1 to 3": (GOOD + UP_TO_3, [*ROWS, ("d.png", 0, "car")]),
    "label 'many' among whole numbers": (GOOD + UP_TO_3, [*ROWS, ("d.png", "many", "car")]),
    "'a.png car' stands twice": (GOOD, [*ROWS, ("a.png", 2, "car")]),
    "a text that holds {number}": (GOOD + "template: a photo\n", ROWS),
    "number 'one' stands twice": (GOOD + "numbers: [one, two, one]\n", ROWS),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_numbers_are_named(message, tmp_path):
    text, rows = BAD[message]
    table(tmp_path, rows)
    done, _ = run(tmp_path, text, "--method", "random-match")
    assert done.returncode == 2
    assert message in done.stderr


def test_the_confusion_matrix_covers_what_an_earlier_run_predicted(tmp_path, monkeypatch):
    from zsbench.core.cache import Cache
    from zsbench.plan import planning
    from zsbench.plan.choices import Choices
    from zsbench.run import runner
    from zsbench.tasks.image_text import counting

    monkeypatch.setattr(counting.Task, "shard_size", 3)
    table(tmp_path, ROWS)
    (tmp_path / "t.yaml").write_text(GOOD + UP_TO_3)
    [job] = planning.make(
        str(tmp_path / "t.yaml"), Choices(methods=("random-match",), settings={"resamples": 100})
    ).jobs
    options = runner.Options(tmp_path / "out", Cache(None))
    whole = runner.run(job, None, options, lambda *_: None)["notes"]["confusion"]
    folder = next((tmp_path / "out").rglob("predictions"))
    (folder / "00001.parquet").unlink()
    next((tmp_path / "out").rglob("result.json")).unlink()
    resumed = runner.run(job, None, options, lambda *_: None)
    assert resumed["resumed_items"] == 3
    assert resumed["notes"]["confusion"] == whole
    assert np.array(whole["true by predicted"]).sum() == 4
