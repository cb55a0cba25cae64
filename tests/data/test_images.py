"""Broken images are counted or stop the run; decoding runs ahead and keeps the order."""

import io
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from zsbench.core.ahead import ahead
from zsbench.core.errors import RunError, UserError
from zsbench.data.images.imagefiles import BrokenImage
from zsbench.data.images.items import ImageItem, ImageSet, drop_broken
from zsbench.data.images.parquet_images import parquet_images


def png(colour=0):
    buffer = io.BytesIO()
    Image.new("L", (4, 4), colour).save(buffer, "PNG")
    return buffer.getvalue()


def images():
    data = [png(), b"no image", png(3)]
    return ImageSet([ImageItem(f"{i}.png", lambda d=d: d) for i, d in enumerate(data)], [0, 1, 0], ["a", "b"])


def test_broken_images_are_left_out_and_counted_up_to_the_limit():
    kept, counts = drop_broken(images(), 1, "t.yaml:3")
    assert [i.id for i in kept.items] == ["0.png", "2.png"]
    assert kept.labels == [0, 0]
    assert list(counts.values()) == [1]
    assert "1.png" in next(iter(counts))


def test_more_broken_images_than_allowed_stop_the_run():
    broken = images()
    broken.items[0] = ImageItem("0.png", lambda: b"")
    with pytest.raises(UserError, match=r"2 broken images.*0\.png"):
        drop_broken(broken, 1, "t.yaml:3")


def test_without_an_allowance_the_run_stops_at_the_image():
    assert drop_broken(images(), 0, "")[0].items == images().items
    with pytest.raises(RunError, match=r"1\.png"):
        images().items[1].open()


def test_ahead_keeps_the_order_and_runs_one_batch_ahead():
    started, ready = [], threading.Event()

    def work(i):
        started.append(i)
        if i == 3:
            ready.set()
        return i * i

    with ahead(work, range(10)) as squares:
        assert squares[0:2] == [0, 1]
        assert ready.wait(5)
        assert squares[2:4] == [4, 9]
        assert squares[2:3] == [4]  # taken again in a smaller piece
    assert max(started) <= 6
    assert sorted(started) == sorted(set(started))


def test_ahead_raises_where_the_item_is_asked_for():
    def work(i):
        if i == 2:
            raise RunError(str(i), "broken")
        return i

    with ahead(work, range(4)) as found:
        assert found[0:2] == [0, 1]
        with pytest.raises(RunError, match="2: broken"):
            found[2:4]


def test_an_empty_cell_of_a_parquet_file_is_a_broken_image(tmp_path):
    rows = [{"bytes": png(0), "path": "a"}, {"bytes": None, "path": "b"}, None]
    pq.write_table(pa.table({"image": rows, "label": [0, 1, 0]}), tmp_path / "t.parquet")
    first, *empty = parquet_images(path=str(tmp_path / "t.parquet")).items
    assert first.read() == png(0)
    for item in empty:
        with pytest.raises(BrokenImage, match=item.id):
            item.open()
