"""`max_bad_items`: broken images of every kind are left out and counted, of test and of further data, up to the limit."""

import pytest

from tests.data.builders import png, write
from tests.test_imagefiles import DAMAGED
from zsbench.config import overlay
from zsbench.core.errors import UserError
from zsbench.plan import task_configs
from zsbench.tasks.classification.image_classification import Task

TASK = "type: image-classification\ndescription: d\ndata: {source: imagefolder, path: p}\n"
FURTHER = "".join(f"{key}: {{source: imagefolder, path: s}}\n" for key in ("support", "validation", "unlabeled"))


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {f"{part}/{name}/0.png": png(i) for i, part in enumerate("ps") for name in "xy"})

    def load(text, options=""):
        (tmp_path / "t.yaml").write_text(TASK.replace("path: p", f"path: p{options}") + text)
        return Task(*task_configs.read_task(overlay.load(tmp_path / "t.yaml"))).load(limit=None, seed=0)

    return load


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_broken_image_of_any_kind_is_counted(load, tmp_path, kind):
    write(tmp_path, {"p/x/1.png": DAMAGED[kind]})
    data = load("max_bad_items: 1\n")
    assert [item.id for item in data.items] == ["x/0.png", "y/0.png"]
    assert data.counts == {"broken images left out (x/1.png)": 1}


def test_too_large_is_broken_too_and_the_limit_holds(load):
    with pytest.raises(UserError, match=r"t\.yaml:3: 2 broken images \(x/0\.png: 48 pixels; .*\); expected at most 1"):
        load("max_bad_items: 1\n", ", max_pixels: 47")


def test_further_data_are_held_to_the_same_limit(load, tmp_path):
    write(tmp_path, {"s/y/1.png": b"no image", "s/y/notes.txt": b"?"})
    data = load(f"max_bad_items: 1\n{FURTHER}")
    expected = {
        f"{key}: {what}": 1
        for key in ("support", "validation", "unlabeled")
        for what in ("broken images left out (y/1.png)", "files that are no images (.txt)")
    }
    assert {name: n for name, n in data.counts.items() if ":" in name} == expected
    assert len(data.context.support.items) == len(data.context.unlabeled) == 2
