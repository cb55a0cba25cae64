"""The same images from every format: same items, labels, names; and what is refused."""

import csv
import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from zsbench.core.errors import UserError
from zsbench.data.images.hf_datasets import hf_datasets
from zsbench.data.images.image_table import image_table
from zsbench.data.images.imagefolder import imagefolder
from zsbench.data.images.torchvision import torchvision
from zsbench.data.images.webdataset import webdataset

NAMES = ["blue", "red", "sea green"]


def encoded(label, k):
    rng = np.random.default_rng([label, k])
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def samples():
    return [(label, encoded(label, k)) for label in range(3) for k in range(4)]


def pixels(images):
    return [np.asarray(item.open().convert("RGB")).tolist() for item in images.items]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, samples):
    root = tmp_path_factory.mktemp("folder")
    for i, (label, data) in enumerate(samples):
        path = root / NAMES[label].replace(" ", "_") / f"{i:02d}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return root


@pytest.fixture(scope="module")
def shards(tmp_path_factory, samples):
    root = tmp_path_factory.mktemp("wds")
    (root / "test").mkdir()
    (root / "classnames.txt").write_text("\n".join(NAMES) + "\n")
    (root / "zeroshot_classification_templates.txt").write_text("a {c} thing\nthe {c}.\n")
    for number in range(2):
        with tarfile.open(root / "test" / f"{number}.tar", "w") as archive:
            for i, (label, data) in enumerate(samples):
                if i % 2 == number:
                    for suffix, content in (("png", data), ("cls", str(label).encode())):
                        entry = tarfile.TarInfo(f"s{i:03d}.{suffix}")
                        entry.size = len(content)
                        archive.addfile(entry, io.BytesIO(content))
    return root


@pytest.fixture(scope="module")
def saved(tmp_path_factory, samples):
    import datasets

    root = tmp_path_factory.mktemp("saved")
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=NAMES)})
    rows = {"image": [{"bytes": d, "path": None} for _, d in samples], "label": [y for y, _ in samples]}
    data = datasets.Dataset.from_dict(rows, features=features)
    datasets.DatasetDict({"test": data}).save_to_disk(str(root / "disk"))
    (root / "parquet").mkdir()
    data.to_parquet(str(root / "parquet" / "test-0.parquet"))
    return root


def test_every_format_gives_the_same_images(folder, shards, saved, samples, tmp_path):
    with (tmp_path / "t.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["path", "label"])
        for i, (label, _) in enumerate(samples):
            writer.writerow([f"{NAMES[label].replace(' ', '_')}/{i:02d}.png", NAMES[label]])
    expected = imagefolder(path=str(folder))
    for found in (
        image_table(path=str(tmp_path / "t.csv"), root=str(folder)),
        hf_datasets(path=str(saved / "disk")),
        hf_datasets(path=str(saved / "parquet")),
        hf_datasets(path=str(saved / "parquet"), streaming=True),
        webdataset(path=str(shards)),
    ):
        assert found.class_names == expected.class_names == NAMES
        order = np.argsort(found.labels, kind="stable")
        assert [found.labels[i] for i in order] == expected.labels
        assert sorted(pixels(found)) == sorted(pixels(expected))
        assert len({item.digest() for item in found.items}) == len(samples)


def test_webdataset_brings_its_templates_and_reads_shards_in_order(shards):
    found = webdataset(path=str(shards))
    assert found.templates == ["a {c} thing", "the {c}."]
    assert [item.id for item in found.items][:3] == ["s000", "s002", "s004"]


def test_text_labels_are_numbered_in_sorted_order(tmp_path, samples):
    import datasets

    rows = {"image": [{"bytes": d, "path": None} for _, d in samples], "label": [NAMES[2 - y] for y, _ in samples]}
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("string")})
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(str(tmp_path / "texts"))
    found = hf_datasets(path=str(tmp_path / "texts"))
    assert found.class_names == NAMES
    assert found.labels == [2 - y for y, _ in samples]


def test_several_labels_an_image(folder, tmp_path):
    (tmp_path / "t.tsv").write_text("path\tlabel\nblue/00.png\t0|2\nblue/01.png\t1\n")
    assert image_table(path=str(tmp_path / "t.tsv"), root=str(folder)).labels == [[0, 2], [1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,lable\na.png,0\n", "no column 'label'.*did you mean 'lable'"),
        ("path,label\nnone.png,0\n", r"t\.csv:2: no such file 'none.png'"),
        ("path,label\nblue/00.png,\n", r"t\.csv:2: label ''; expected a whole number.*`unlabelled: drop`"),
    ],
)
def test_bad_tables_name_file_and_line(folder, tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        image_table(path=str(tmp_path / "t.csv"), root=str(folder))


def test_bad_shards_are_named(shards, tmp_path):
    with pytest.raises(UserError, match=r"no \.tar shards; expected one of test"):
        webdataset(path=str(shards), split="val")
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "0.tar").write_bytes(b"no tar at all")
    with pytest.raises(UserError, match="not a tar file"):
        webdataset(path=str(tmp_path))


@pytest.mark.parametrize(("label", "message"), [(None, r"has no \.cls member"), ("cat", "has label 'cat'")])
def test_labels_missing_in_shards_are_named(tmp_path, label, message):
    (tmp_path / "test").mkdir()
    with tarfile.open(tmp_path / "test" / "0.tar", "w") as archive:
        for name, data in {"a.png": encoded(0, 0), **({"a.cls": label.encode()} if label else {})}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    with pytest.raises(UserError, match=message):
        webdataset(path=str(tmp_path))


def test_torchvision_by_name(tmp_path):
    from zsbench.data.images.torchvision import _labels

    with pytest.raises(UserError, match=r"no data set 'CIFAR11'.*CIFAR10"):
        torchvision(name="CIFAR11", root=str(tmp_path))
    with pytest.raises(UserError, match="torchvision cannot read CIFAR10"):
        torchvision(name="CIFAR10", root=str(tmp_path))
    with pytest.raises(UserError, match="reads a pickle"):
        torchvision(name="LSUN", root=str(tmp_path))

    class Samples:
        samples = (("a.png", 1), ("b.png", 0))

    assert _labels(Samples()) == [1, 0]


def test_torchvision_reads_a_data_set_on_disk(tmp_path, samples):
    import torchvision.datasets as tv

    root = tmp_path / "eurosat" / "2750"
    for i, (label, data) in enumerate(samples):
        (root / NAMES[label]).mkdir(parents=True, exist_ok=True)
        (root / NAMES[label] / f"{i}.png").write_bytes(data)
    assert len(tv.EuroSAT(str(tmp_path))) == len(samples)
    found = torchvision(name="EuroSAT", root=str(tmp_path))
    assert found.labels == [y for y, _ in samples]
    assert sorted(pixels(found)) == sorted(np.asarray(Image.open(io.BytesIO(d))).tolist() for _, d in samples)


def test_several_labels_in_shards(tmp_path):
    (tmp_path / "test").mkdir()
    vector = io.BytesIO()
    np.save(vector, np.array([1, 0, 1]))
    for data, expected in ((vector.getvalue(), [0, 2]), (b"\x93NUMPY", None)):
        with tarfile.open(tmp_path / "test" / "0.tar", "w") as archive:
            for name, content in {"a.png": encoded(0, 0), "a.npy": data}.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        if expected is None:
            with pytest.raises(UserError, match="cannot be read"):
                webdataset(path=str(tmp_path))
        else:
            assert webdataset(path=str(tmp_path)).labels == [expected]
