"""Every source of images, frames or videos opens them by the one rule, whatever their format, and counts what it does."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import BUILDERS, images, write
from zsbench.config import catalog, overlay
from zsbench.config.components import option_hints
from zsbench.config.paths import PACKAGE
from zsbench.data.frames.frames import Frame
from zsbench.data.images.decoding import MAX_PIXELS
from zsbench.data.images.imagefiles import ALPHA, SCALED, TURNED
from zsbench.data.videos.video import Video
from zsbench.plan import task_configs

SOURCES = [name for name in BUILDERS if "max_pixels" in option_hints(catalog.load_component("data", name))]
NO_PIXELS = {"features", "labelled-features", "point-clouds", "view-logits", "video-arrays", "video-files", "digits"}
FULL = {"images", "captioned-images", "caption-groups", "cues", "frames", "videos"}


def test_every_source_that_opens_image_files_has_the_options():
    gives = {name: catalog.load_component("data", name).facts.gives for name in catalog.own_components("data")}
    assert {name for name, kind in gives.items() if kind in FULL} - NO_PIXELS == set(SOURCES)
    for name in SOURCES:
        assert {"alpha", "orientation"} <= option_hints(catalog.load_component("data", name)).keys()


def photo(pixels, orientation):
    """Return a PNG with an EXIF orientation."""
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[274] = orientation
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    return buffer.getvalue()


def opened(name, folder, **options):
    """Return every image of a source as an array (height, width, 3)."""
    found = catalog.load_component("data", name)(**BUILDERS[name](folder, FIRST), **options)
    items = found if isinstance(found, list) else found.items
    items = [image for item in items for image in getattr(item, "images", [item])]
    arrays = []
    for item in items:
        if isinstance(item, Video):
            arrays += [np.asarray(frame) for frame in item.frames(range(item.length()))]
        else:
            arrays.append(item.rgb() if isinstance(item, Frame) else np.asarray(item.open()))
    return arrays


DEEP = np.full((6, 8), 200 * 257, dtype=np.uint16)
FIRST = [photo(DEEP, 6), *images()[1:]]


@pytest.mark.parametrize("name", SOURCES)
def test_deep_greys_and_orientation_of_every_source(name, tmp_path):
    for number, (options, shape) in enumerate([({}, (8, 6, 3)), ({"orientation": "stored"}, (6, 8, 3))]):
        (tmp_path / str(number)).mkdir()
        arrays = opened(name, tmp_path / str(number), **options)
        assert [a.shape for a in arrays if (a == 200).all()] == [shape]
        assert all(a.dtype == np.uint8 and a.ndim == 3 for a in arrays)


@pytest.mark.parametrize("name", SOURCES)
def test_max_pixels_of_every_source(name, tmp_path):
    with pytest.raises(Exception, match="48 pixels; expected at most 47; option `max_pixels` of the data"):
        opened(name, tmp_path, max_pixels=47)
    assert MAX_PIXELS > 48


CLASSES = "templates: ['a {}']\n"
COUNTED = {
    "image-classification": ("imagefolder", ""),
    "image-text-retrieval": ("caption-table", ""),
    "video-classification": ("frame-folders", "frames: 1\n"),
    "depth": ("depth-frames", ""),
    "counting": ("image-table", "object: x\ntemplate: '{number} {object}'\n"),
    "association": ("associations", ""),
    "caption-selection": ("caption-choices", ""),
}


def test_every_task_over_pixels_is_tried():
    gives = {name: catalog.load_module("tasks", name).Task.gives for name in catalog.own_components("tasks")}
    assert {name for name, kind in gives.items() if kind in FULL} - {"episodic"} == set(COUNTED)


@pytest.mark.parametrize("kind", COUNTED)
def test_every_task_counts_what_was_done_to_its_images(kind, tmp_path):
    source, keys = COUNTED[kind]
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((6, 8, 4), np.uint8)).save(buffer, "PNG")
    options = BUILDERS[source](tmp_path, [FIRST[0], buffer.getvalue(), *FIRST[2:]])
    if kind == "counting":
        write(tmp_path, {"t.csv": "path,label\na.png,1\nb.png,2\n"})
    path = tmp_path / "task.yaml"
    path.write_text(f"type: {kind}\ndescription: d\n{keys}data: {{source: {source}, path: {options['path']}}}\n")
    task, block = task_configs.read_task(overlay.load(path))
    counts = catalog.load_module("tasks", kind).Task(task, block).load(limit=None, seed=0).counts
    expected = {TURNED: 1, SCALED: 1} | ({} if kind == "caption-selection" else {ALPHA["drop"]: 1})
    assert {name: n for name, n in counts.items() if name in expected} == expected


def test_no_other_module_decodes_images():
    allowed = {
        "data/images/imagefiles.py": 4,
        "data/images/_greys.py": 1,
        "data/frames/frames.py": 1,
    }  # depth maps are no pictures
    for path in PACKAGE.rglob("*.py"):
        found = re.findall(r"Image\.open\(|\.convert\(\"RGB\"\)", path.read_text())
        assert len(found) <= allowed.get(path.relative_to(PACKAGE).as_posix(), 0), path
