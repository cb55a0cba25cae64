"""CoOp split files: lists, names, and what is wrong with a file that is none."""

import json

import pytest
from PIL import Image

from zsbench.core.errors import UserError
from zsbench.data.images.coop_split import coop_split

LISTS = {
    "train": [["cats/a.png", 1, "tabby_cat"], ["dogs/a.png", 0, "dog"]],
    "val": [["dogs/b.png", 0, "dog"]],
    "test": [["cats/b.png", 1, "tabby_cat"], ["birds/a.png", 2, "bird"]],
}


def write(folder, value):
    path = folder / "split_zhou_Pets.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


def test_lists_names_and_images(tmp_path):
    for rows in LISTS.values():
        for name, label, _ in rows:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            Image.new("RGB", (4 + label, 4)).save(tmp_path / name)
    path = write(tmp_path, LISTS)
    for split, labels in (("train", [1, 0]), ("val", [0]), ("test", [1, 2])):
        found = coop_split(path=path, images=str(tmp_path), split=split)
        assert list(found.labels) == labels
        assert [item.id for item in found.items] == [name for name, _, _ in LISTS[split]]
        assert [item.open().width - 4 for item in found.items] == labels
        assert found.class_names == ["dog", "tabby cat", "bird"]
    listed = coop_split.facts.files({"path": path, "images": str(tmp_path), "split": "val"})
    assert listed == [path, str(tmp_path / "dogs/b.png")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{", "not a CoOp split file"),
        ([1], "not a CoOp split file"),
        ({"train": [], "test": []}, "not a CoOp split file.*val"),
        ({**LISTS, "val": [["a.png", 1]]}, "not a CoOp split file"),
        ({**LISTS, "val": [["a.png", 1, "lion"]]}, "one class name each"),
        ({**LISTS, "val": [["a.png", 4, "lion"]]}, "labels 0, 1, 2"),
    ],
)
def test_other_files_are_refused(value, message, tmp_path):
    with pytest.raises(UserError, match=message):
        coop_split(path=write(tmp_path, value), images=str(tmp_path))


def test_a_missing_file_is_named(tmp_path):
    path = str(tmp_path / "absent.json")
    with pytest.raises(UserError, match=r"absent\.json: no such file"):
        coop_split(path=path, images=str(tmp_path))
    assert coop_split.facts.files({"path": path, "images": str(tmp_path)}) == [path]
