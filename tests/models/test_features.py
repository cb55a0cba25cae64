"""Feature files: every layout reads alike, a run on them equals a run on the images, mistakes name file and key."""

import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from safetensors.numpy import save_file

from tests.close import assert_rows_close
from zsbench.config import catalog
from zsbench.config.paths import ASSETS
from zsbench.core import arrays
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.vectors.features import features as source
from zsbench.engine import local
from zsbench.models import references
from zsbench.models.image_text.features import FileFeatures
from zsbench.models.image_text.features import features as model
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

RNG = np.random.default_rng(0)
NAMES = ["red", "blue", "green"]
DATA = {
    "features": RNG.normal(size=(6, 4)).astype(np.float32),
    "labels": np.array([0, 1, 2, 0, 1, 2]),
    "query_features": RNG.normal(size=(6, 2, 4)).astype(np.float32),
    "ids": np.array(list("abcdef")),
    "class_names": np.array(NAMES),
    "class_embeddings": RNG.normal(size=(3, 4)).astype(np.float32),
    "test": np.array([4, 1]),
}


def write(path, data):
    """Write arrays in the format of the path's suffix; a parquet file takes those with one row an item."""
    if path.suffix == ".npz":
        np.savez(path, **data)
    elif path.suffix == ".safetensors":
        texts = {key: json.dumps(value.tolist()) for key, value in data.items() if value.dtype.kind == "U"}
        save_file({key: value for key, value in data.items() if value.dtype.kind != "U"}, path, metadata=texts)
    else:
        rows = {key: value for key, value in data.items() if len(value) == len(data["features"])}
        pq.write_table(pa.table({key: pa.array(value.tolist()) for key, value in rows.items()}), path)
    return str(path)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".parquet"])
def test_every_format_reads_alike(tmp_path, suffix):
    found = source(path=write(tmp_path / f"data{suffix}", DATA))
    assert [item.id for item in found.items] == list("abcdef")
    assert found.labels == DATA["labels"].tolist()
    assert found.class_names == (None if suffix == ".parquet" else NAMES)
    rows = [item.open() for item in found.items]
    assert_rows_close(np.stack([row.vector for row in rows]), DATA["features"])
    assert_rows_close(np.stack([row.regions for row in rows]), DATA["query_features"])
    assert len({item.digest() for item in found.items}) == 6


def test_bfloat16_vectors_become_float32(tmp_path):
    import torch
    from safetensors.torch import save_file as save_torch

    save_torch({"features": torch.randn(2, 3).bfloat16(), "labels": torch.tensor([0, 1])}, tmp_path / "d.safetensors")
    assert source(path=str(tmp_path / "d.safetensors")).items[0].open().vector.dtype == np.float32


def test_splits_labels_and_ids(tmp_path):
    several = {**DATA, "labels": np.array([[1, 0, 1]] * 5 + [[0, 0, 0]])}
    several.pop("ids")
    found = source(path=write(tmp_path / "d.npz", several), rows="test")
    assert [item.id for item in found.items] == ["000004", "000001"]
    assert found.labels == [[0, 2], [0, 2]]
    assert source(path=str(tmp_path / "d.npz")).labels[5] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": None}, r"d.npz: no array 'features'; did you mean 'query_features'"),
        ({"features": DATA["features"][0]}, r"array 'features': float32 of shape \(4,\)"),
        (
            {"features": np.where(np.arange(6)[:, None] == 3, np.nan, DATA["features"])},
            r"NaN or infinity as float32 in 1 row .*row 3",
        ),
        ({"features": np.array([["a"]])}, "array 'features': .*expected numbers"),
        ({"features": DATA["features"].astype(object)}, "array 'features': cannot be read.*without pickles"),
        ({"labels": DATA["labels"][:5]}, r"array 'labels': shape \(5,\)"),
        ({"labels": DATA["labels"] + 0.5}, r"array 'labels', row 4: label 1\.5"),
        ({"labels": np.full((6, 2), 2)}, "array 'labels': a matrix"),
        ({"ids": DATA["ids"][:2]}, "array 'ids': 2 rows"),
        ({"query_features": DATA["query_features"][:, :, :3]}, r"array 'query_features': shape \(6, 2, 3\)"),
        ({"test": np.array([6])}, "array 'test': row numbers 6 to 6"),
        ({"class_names": np.array([0.5])}, "array 'class_names': float64"),
    ],
)
def test_mistakes_in_the_data_name_file_and_array(tmp_path, change, message):
    data = {key: value for key, value in {**DATA, **change}.items() if value is not None}
    with pytest.raises(UserError, match=message):
        source(path=write(tmp_path / "d.npz", data), rows="test")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors", ".parquet", ".txt"])
def test_damaged_and_missing_files_are_named(tmp_path, suffix):
    path = tmp_path / f"d{suffix}"
    with pytest.raises(UserError, match="no such file"):
        arrays.read(path)
    path.write_bytes(b"not an array")
    with pytest.raises(UserError, match=rf"d{suffix}: (cannot be read|not an|suffix)"):
        arrays.read(path)


def test_text_features_by_class_name_or_by_text(tmp_path):
    by_class = model(texts=write(tmp_path / "d.npz", DATA))
    np.testing.assert_array_equal(by_class.encode_texts(["blue", "red"]), DATA["class_embeddings"][[1, 0]])
    np.savez(tmp_path / "t.npz", texts=np.array(["a cat", "a dog"]), text_features=DATA["features"][:2])
    by_text = model(texts=str(tmp_path / "t.npz"))
    np.testing.assert_array_equal(by_text.encode_texts(["a dog"]), DATA["features"][[1]])
    assert by_text.fingerprint != by_class.fingerprint
    (tmp_path / "names.txt").write_text("one\ntwo\nthree\n")
    named = model(texts=str(tmp_path / "d.npz"), classes=str(tmp_path / "names.txt"))
    np.testing.assert_array_equal(named.encode_texts(["two"]), DATA["class_embeddings"][[1]])


def test_images_regions_and_what_is_missing(tmp_path):
    adapter = model(texts=write(tmp_path / "d.npz", DATA))
    rows = [adapter.prepare(item.open()) for item in source(path=str(tmp_path / "d.npz")).items]
    np.testing.assert_array_equal(adapter.encode_images(rows), DATA["features"])
    np.testing.assert_array_equal(adapter.encode_regions(rows), DATA["query_features"])
    write(tmp_path / "e.npz", {key: DATA[key] for key in ("features", "labels")})
    with pytest.raises(UserError, match="no vectors of regions"):
        adapter.encode_regions([item.open() for item in source(path=str(tmp_path / "e.npz")).items])
    with pytest.raises(UserError, match=r"no features for 1 of 1 texts \(first: 'a red'\).*templates"):
        adapter.encode_texts(["a red"])
    with pytest.raises(UserError, match="images to encode"):
        adapter.prepare("an image")
    write(tmp_path / "w.npz", {"features": np.ones((2, 5)), "labels": np.array([0, 1])})
    with pytest.raises(UserError, match="image vectors of width 5, text vectors of width 4"):
        adapter.encode_images([item.open() for item in source(path=str(tmp_path / "w.npz")).items])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"vectors": np.ones((2, 2))}, "arrays vectors; expected `texts` and `text_features`"),
        ({"text_features": np.ones((2, 2))}, "no array 'texts'"),
        ({"class_embeddings": np.ones((2, 2)), "class_names": np.array(["a"])}, "1 text; expected 2"),
        ({"class_embeddings": np.eye(2), "class_names": np.array(["a", "a"])}, "'a' stands twice"),
        (
            {"class_embeddings": np.full((1, 2), np.inf), "class_names": np.array(["a"])},
            "NaN or infinity as float32 in 1 row",
        ),
    ],
)
def test_mistakes_in_the_texts_name_file_and_array(tmp_path, data, message):
    np.savez(tmp_path / "t.npz", **data)
    with pytest.raises(UserError, match=message):
        model(texts=str(tmp_path / "t.npz"))


def test_texts_come_from_one_place(tmp_path):
    with pytest.raises(UserError, match="neither"):
        model()
    with pytest.raises(UserError, match="both"):
        model(texts="a.npz", text_model="clip-glyphs")


def results(name, tmp_path, **choices):
    made = planning.make(name, Choices(settings={"resamples": 100, "limit": 60}, **choices))
    options = Options(tmp_path / "out", Cache(tmp_path / "cache"))
    outcomes = list(local.run(made, options, lambda *_: None, lambda _: None))
    assert [str(o.error) for o in outcomes if o.error] == []
    return {o.result["method"]: o.result for o in outcomes}


def test_a_run_on_a_feature_file_equals_the_run_on_the_images(tmp_path):
    """Export features of the embedded glyphs, then run several rules on the file with no network at all."""
    from zsbench.data.images.parquet_images import parquet_images
    from zsbench.models.image_text.open_clip import OpenClip

    every = pq.read_table(ASSETS / "data" / "glyphs" / "test.parquet")
    pq.write_table(every.take(list(range(0, len(every), 15))), tmp_path / "images.parquet")
    images = parquet_images(path=str(tmp_path / "images.parquet"))
    encoder = OpenClip(str(ASSETS / "models" / "clip-glyphs"))
    vectors = encoder.encode_images([encoder.prepare(item.open()) for item in images.items])
    task = yaml.safe_load(catalog.configs("tasks")["glyphs"].path.read_text())
    names = (ASSETS / "data" / "glyphs" / "classes.txt").read_text().split("\n")
    texts = [t.replace("{}", n.strip()) for n in names if n.strip() for t in task["templates"]]
    ids = np.array([item.id for item in images.items])
    np.savez(tmp_path / "data.npz", features=vectors, labels=np.array(images.labels), ids=ids)
    np.savez(tmp_path / "texts.npz", texts=np.array(texts), text_features=encoder.encode_texts(texts))
    for name, data in (("pictures", ("parquet-images", "images.parquet")), ("own", ("features", "data.npz"))):
        config = {"extends": "glyphs", "description": "x", "data": dict(zip(("source", "path"), data, strict=True))}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(config))
    for name, options in {"file": {"texts": "texts.npz"}, "model": {"text_model": "asset:models/clip-glyphs"}}.items():
        config = {"description": "x", "adapter": "features", **options}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(config))
    methods = ("prompt-ensemble", "random-class")
    want = results(str(tmp_path / "pictures.yaml"), tmp_path / "images", models=("clip-glyphs",), methods=methods)
    for name in ("file", "model"):
        got = results(
            str(tmp_path / "own.yaml"), tmp_path / name, models=(str(tmp_path / f"{name}.yaml"),), methods=methods
        )
        assert got["prompt-ensemble"]["cost"]["forward_passes"] == 0 or name == "model"
        for method in methods:
            for metric, score in want[method]["metrics"].items():
                assert got[method]["metrics"][metric]["value"] == pytest.approx(score["value"], abs=1e-9)


def test_the_scale_and_bias_of_probabilities_are_those_of_the_text_model():
    """A scale that is written holds."""
    glyphs = str(ASSETS / "models" / "clip-glyphs")
    behind = model(text_model=glyphs)
    assert behind.logit_scale == pytest.approx(references.image_text_encoder(glyphs, "model").logit_scale)
    assert behind.logit_scale < 50
    assert behind.logit_bias is None
    sigmoid = SimpleNamespace(encode_texts=lambda texts: np.ones((len(texts), 2)), fingerprint="s", logit_bias=-3.0)
    assert FileFeatures({}, "", sigmoid, 10.0).logit_bias == -3.0
    assert model(text_model=glyphs, logit_scale=7.0).logit_scale == 7.0
