"""One data set in every format on disk, two kinds of checkpoints: the same accuracy from each."""

import io
import json
import tarfile

import pyarrow.parquet as pq
import pytest

from tests.reference._golden import GOLDEN
from tests.test_cli import zsbench
from zsbench.config.paths import ASSETS

CONCEPTS = ["arrow", "digit five", "heart", "letter X", "moon", "star"]
FORMATS = {
    "folder": {"source": "imagefolder", "path": "folder"},
    "shards": {"source": "webdataset", "path": "shards"},
    "disk": {"source": "hf-datasets", "path": "disk"},
    "parquet": {"source": "hf-datasets", "path": "parquet"},
    "one-file": {"source": "parquet-images", "path": "parquet/test-0.parquet"},
    "table": {"source": "image-table", "path": "table.csv", "root": "folder"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write the same images in every format, in the same order."""
    import datasets

    root = tmp_path_factory.mktemp("formats")
    rows = pq.read_table(ASSETS / "data" / "glyphs" / "test.parquet").to_pylist()
    kept = [(CONCEPTS.index(r["concept"]), r["image"]["bytes"]) for r in rows if r["concept"] in CONCEPTS]
    kept.sort(key=lambda pair: pair[0])
    (root / "shards" / "test").mkdir(parents=True)
    (root / "shards" / "classnames.txt").write_text("\n".join(CONCEPTS))
    table = ["path,label"]
    with tarfile.open(root / "shards" / "test" / "0.tar", "w") as archive:
        for i, (label, data) in enumerate(kept):
            path = f"{CONCEPTS[label].replace(' ', '_')}/{i:03d}.png"
            (root / "folder" / path).parent.mkdir(parents=True, exist_ok=True)
            (root / "folder" / path).write_bytes(data)
            table.append(f"{path},{CONCEPTS[label]}")
            for suffix, content in (("png", data), ("cls", str(label).encode())):
                entry = tarfile.TarInfo(f"{i:03d}.{suffix}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    (root / "table.csv").write_text("\n".join(table))
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=CONCEPTS)})
    images = [{"bytes": data, "path": None} for _, data in kept]
    saved = datasets.Dataset.from_dict({"image": images, "label": [y for y, _ in kept]}, features=features)
    datasets.DatasetDict({"test": saved}).save_to_disk(str(root / "disk"))
    (root / "parquet").mkdir()
    saved.to_parquet(str(root / "parquet" / "test-0.parquet"))
    for name, data in FORMATS.items():
        task = {"description": name, "type": "image-classification", "data": data, "templates": ["a photo of a {}"]}
        (root / f"{name}.yaml").write_text(json.dumps(task | {"metrics": ["acc@1", "acc@5", "mean-per-class"]}))
    return root


@pytest.mark.parametrize("model", ["clip-glyphs", "hf-clip"])
def test_every_format_gives_the_same_accuracy(folder, model):
    reference = model if model != "hf-clip" else f"hf-clip:{(GOLDEN / 'clip' / 'tiny_clip').resolve()}"
    if model == "hf-clip" and not (GOLDEN / "clip" / "tiny_clip").is_dir():
        pytest.skip("the golden folder holds no tiny CLIP")
    names = [f"{name}.yaml" for name in FORMATS]
    done = zsbench("eval", *names, "--model", reference, "--out", f"runs-{model}", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = [{row["metric"]: row["value"] for row in suite["rows"]} for suite in json.loads(done.stdout)["suites"]]
    assert len(found) == len(FORMATS)
    assert all(values == found[0] for values in found), found
    if model == "clip-glyphs":
        assert found[0]["acc@1"] > 0.8
