"""Labels in every form a column can have, through the reader and through every source that has labels."""

import csv
import io
import json
import tarfile
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.data.label_arrays import array_labels
from zsbench.data.label_cells import read_cell
from zsbench.data.label_columns import check_range, read_labels

FOUR_LABELS = [2, 0, 1, 2]
"""What every form below says."""

FORMS = {
    "numbers": [2, 0, 1, 2],
    "floats": [2.0, 0.0, 1.0, 2.0],
    "numpy": list(np.asarray([2, 0, 1, 2], np.uint8)),
    "texts": ["2", "0", "1", " 2 "],
    "texts of floats": ["2.0", "0.0", "1.", "2"],
    "bytes": [b"2", b"0", b"1", b"2"],
    "decimals": [Decimal(2), Decimal("0.0"), Decimal(1), Decimal(2)],
    "lists of one": [[2], [0], [1], [2]],
    "one-hot": [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "one-hot floats": [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    "names": ["c", "a", "b", "c"],
    "lists of names": [["c"], ["a"], ["b"], ["c"]],
}


def read(cells, **options):
    return read_labels(cells, where=lambda row: f"row {row}", **options)


@pytest.mark.parametrize("form", FORMS)
def test_one_form_of_labels_says_what_another_does(form):
    column = read(FORMS[form])
    assert column.labels == FOUR_LABELS
    assert column.names == (["a", "b", "c"] if "names" in form else None)
    assert column.width == (3 if "one-hot" in form else None)


ODD = ["²", "1.5", 1.5, "9" * 5000, -2, "-2", "1e3", float("inf"), {"label": 3}, [0, None], [1, 1], "dog"]


@pytest.mark.parametrize("odd", ODD, ids=[str(odd)[:9] for odd in ODD])
@pytest.mark.parametrize("unlabelled", ["error", "drop"])
def test_one_odd_cell_among_numbers_is_an_error_with_its_row(odd, unlabelled):
    with pytest.raises(UserError, match=r"^row 3: label") as raised:
        read([0, 1, 2, odd, 2], unlabelled=unlabelled)
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize(
    "missing", [None, float("nan"), np.float32("nan"), "", "  ", "nan", "NaN", -1, "-1", "-1.0", -1.0]
)
def test_a_missing_label_is_an_error_or_dropped_and_counted(missing):
    with pytest.raises(UserError, match=r"^row 1: .*unlabelled: drop"):
        read([0, missing, 2])
    column = read([0, missing, 2], unlabelled="drop")
    assert (column.labels, column.kept, column.counts) == ([0, 2], [0, 2], {"unlabelled items left out": 1})
    with pytest.raises(UserError, match="no row has a label"):
        read([missing, missing], unlabelled="drop")
    kept = read([0, missing, 2], unlabelled="keep")
    assert (kept.labels, kept.kept, kept.counts) == ([0, -1, 2], [0, 1, 2], {})
    assert read([missing, missing], unlabelled="keep").labels == [-1, -1]


def test_the_rarer_of_numbers_and_names_is_the_odd_one():
    with pytest.raises(UserError, match=r"^row 2: label 911 among class names"):
        read(["dog", "cat", "911", "dog"])
    with pytest.raises(UserError, match=r"^row 0: label 'dog' among whole numbers"):
        read(["dog", "3", "911", "4"])
    assert read(["911 Turbo", "3d print"]).names == ["3d print", "911 Turbo"]


def test_several_labels_in_texts_and_lists():
    assert read(["0|2", "1"], separator="|").labels == [[0, 2], [1]]
    column = read([["b", "a"], [], ["a"]])
    assert (column.labels, column.names) == ([[1, 0], [], [0]], ["a", "b"])
    vectors = read([[0, 1, 1], [0, 0, 0]])
    assert (vectors.labels, vectors.width) == ([[1, 2], []], 3)
    with pytest.raises(UserError, match="row 0"):
        read(["0||2"], separator="|")


def test_texts_are_looked_up_among_names_that_come_with_the_data():
    assert read(["sea_cow", "ant"], names=["zebra", "sea cow", "ant"]).labels == [1, 2]
    with pytest.raises(UserError, match=r"row 1: label 'aunt'.*3 class names.*did you mean 'ant'"):
        read(["ant", "aunt"], names=["zebra", "sea cow", "ant"])


@given(labels=st.lists(st.integers(0, 6), min_size=1), as_column=st.booleans(), kind=st.sampled_from("iuf"))
def test_arrays_of_labels_are_read_whatever_their_type_and_shape(labels, as_column, kind):
    array = np.asarray(labels, dtype={"i": np.int32, "u": np.uint8, "f": np.float16}[kind])
    array = array[:, None] if as_column else array
    assert array_labels(array, len(labels), "v.npz").labels == labels
    matrix = np.eye(7)[labels].astype(array.dtype)
    column = array_labels(matrix, len(labels), "v.npz")
    assert (column.labels, column.width) == (labels, 7)


CELLS = {
    "numbers": st.sampled_from([0, 1, 2, 1.0, "2", " 1 ", np.int8(2), b"1"]),
    "names": st.sampled_from(["a", "b", "a b", b"b", " c"]),
    "several": st.sampled_from(["0|2", "1", 1, [2, 0], []]),
}


@pytest.mark.parametrize("kind", CELLS)
@given(data=st.data())
def test_a_column_says_what_its_cells_say_one_by_one(kind, data):
    cells = data.draw(st.lists(CELLS[kind], min_size=1, max_size=12))
    rows = [read_cell(cell, "|", str, 0) for cell in cells]
    names = sorted({name for row in rows for name in row}) if kind == "names" else None
    rows = [[names.index(name) for name in row] if names else row for row in rows]
    column = read(cells, separator="|")
    assert column.labels == ([row[0] for row in rows] if all(len(row) == 1 for row in rows) else rows)
    assert (column.names, column.kept) == (names, list(range(len(cells))))


@given(rows=st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=1, max_size=6))
def test_a_matrix_says_what_its_rows_say_as_lists(rows):
    assert array_labels(np.asarray(rows, dtype=np.float32), len(rows), "v.npz") == read(rows)


def test_arrays_of_another_shape_or_with_other_values_are_refused():
    for array, message in (
        (np.zeros((2, 2, 2)), "shape"),
        (np.zeros(3), "shape"),
        (np.asarray([[0, 1], [2, 0]]), r"a matrix .*\(row 1\)"),
        (np.asarray([[0.1, 0.9], [1, 0]]), r"a matrix .*\(row 0\)"),
        (np.asarray([0.0, 0.5]), r"v\.npz, row 1: label 0\.5"),
    ):
        with pytest.raises(UserError, match=message):
            array_labels(array, 2, "v.npz")
    kept = array_labels(np.asarray([-1, 5, 0]), 3, "v.npz", rows=[2, 0], unlabelled="drop")
    assert (kept.labels, kept.kept) == ([0], [2])


def test_labels_beyond_the_classes_say_whether_they_count_from_one():
    check_range(["a", "b"], [0, [1, 2]], 3, "")
    with pytest.raises(UserError, match=r"item 'b' has label 3; expected 0 to 2 \(3 classes\)$"):
        check_range(["a", "b"], [0, 3], 3, "")
    with pytest.raises(UserError, match="count from 1"):
        check_range(["a", "b"], [1, 3], 3, "")


# Every source that has labels, written with the cells of a form; what a format cannot hold it is not asked for.


def png():
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    return buffer.getvalue()


def as_array(cells):
    return np.asarray([np.nan if cell is None else cell for cell in cells])


def write_table(folder, cells):
    (folder / "a.png").write_bytes(png())
    with (folder / "t.csv").open("w", newline="") as handle:
        rows = [("a.png", "|".join(map(str, cell)) if isinstance(cell, list) else cell) for cell in cells]
        csv.writer(handle).writerows([("path", "label"), *rows])
    return {"path": str(folder / "t.csv")}


def write_parquet(folder, cells):
    import pyarrow as pa
    import pyarrow.parquet as pq

    image = {"bytes": png(), "path": "a.png"}
    pq.write_table(pa.table({"image": [image] * len(cells), "label": cells}), folder / "t.parquet")
    return {"path": str(folder / "t.parquet")}


def write_shards(folder, cells):
    (folder / "test").mkdir()
    names = sorted({c for c in cells if isinstance(c, str) and c.isalpha() and c.isascii() and c != "nan"})
    if names:
        (folder / "classnames.txt").write_text("\n".join(names))
    with tarfile.open(folder / "test" / "0.tar", "w") as archive:
        for i, cell in enumerate(cells):
            label = (f"{i}.json", json.dumps({"label": cell})) if isinstance(cell, list) else (f"{i}.cls", f"{cell}")
            for name, data in ((f"{i}.png", png()), (label[0], label[1].replace("None", "").encode())):
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return {"path": str(folder)}


def write_hub(folder, cells):
    import datasets

    image = {"bytes": png(), "path": None}
    data = datasets.Dataset.from_dict({"image": [image] * len(cells), "label": cells})
    data.cast_column("image", datasets.Image(decode=False)).save_to_disk(str(folder / "d"))
    return {"path": str(folder / "d")}


def write_texts(folder, cells):
    rows = [{"text": "a", "label": cell} for cell in cells]
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"path": str(folder / "t.jsonl")}


def write_hub_texts(folder, cells):
    import datasets

    datasets.Dataset.from_dict({"text": ["a"] * len(cells), "label": cells}).save_to_disk(str(folder / "d"))
    return {"path": str(folder / "d")}


def write_split(folder, cells):
    (folder / "a.png").write_bytes(png())
    rows = [["a.png", cell, "abc"[y]] for cell, y in zip(cells, FOUR_LABELS, strict=False)]
    (folder / "s.json").write_text(json.dumps({"train": [], "val": [], "test": rows}))
    return {"path": str(folder / "s.json"), "images": str(folder)}


def writer_of_arrays(**further):
    def write(folder, cells):
        np.savez(
            folder / "v.npz", labels=as_array(cells), **{k: np.repeat(v, len(cells), 0) for k, v in further.items()}
        )
        return {"path": str(folder / "v.npz")}

    return write


WRITERS = {
    "image-table": write_table,
    "parquet-images": write_parquet,
    "webdataset": write_shards,
    "hf-datasets": write_hub,
    "coop-split": write_split,
    "text-table": write_texts,
    "hf-texts": write_hub_texts,
    "features": writer_of_arrays(features=np.ones((1, 2))),
    "labelled-features": writer_of_arrays(features=np.ones((1, 2))),
    "point-clouds": writer_of_arrays(points=np.ones((1, 5, 3))),
    "video-arrays": writer_of_arrays(frames=np.zeros((1, 1, 2, 2, 3), np.uint8)),
    "view-logits": writer_of_arrays(view_logits=np.zeros((1, 1, 3))),
}
FOLDERS = {"imagefolder", "frame-folders", "video-files"}
"""Labels are folders here."""
OWN = {"digits", "torchvision"}
"""Labels come from a library's data sets."""
NO_TEXTS = {
    "features",
    "labelled-features",
    "point-clouds",
    "video-arrays",
    "view-logits",
    "hf-datasets",
    "hf-texts",
    "parquet-images",
}
"""A column has one type here, so that a text is never among numbers."""


def test_every_source_with_labels_is_asked():
    labelled = {"images", "videos", "labelled-features", "texts"}
    sources = {
        name for name in catalog.components("data") if catalog.load_component("data", name).facts.gives in labelled
    }
    assert sources == {*WRITERS, *FOLDERS, *OWN}


def labels_of(name, options):
    found = catalog.load_component("data", name)(**options)
    return [int(label) for label in found.labels], found.counts


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("cells", [[2, 0, 1, 2], [2.0, 0.0, 1.0, 2.0]], ids=["whole", "floats"])
def test_every_source_reads_whole_numbers_however_they_are_written(tmp_path, name, cells):
    assert labels_of(name, WRITERS[name](tmp_path, cells))[0] == FOUR_LABELS


@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"coop-split", "labelled-features"}))
def test_every_source_reads_one_hot_vectors(tmp_path, name):
    cells = FORMS["one-hot"]
    if name == "image-table":
        import pyarrow as pa
        import pyarrow.parquet as pq

        write_table(tmp_path, [0])
        pq.write_table(pa.table({"path": ["a.png"] * 4, "label": cells}), tmp_path / "t.parquet")
        options = {"path": str(tmp_path / "t.parquet")}
    else:
        options = WRITERS[name](tmp_path, cells)
    assert labels_of(name, options)[0] == FOUR_LABELS


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("missing", [-1, None])
def test_every_source_refuses_a_missing_label_or_drops_and_counts_it(tmp_path, name, missing):
    options = WRITERS[name](tmp_path, [2, 0, missing, 2])
    with pytest.raises(UserError, match=r"label"):
        labels_of(name, options)
    if name != "coop-split":
        labels, counts = labels_of(name, {**options, "unlabelled": "drop"})
        assert (labels, counts) == ([2, 0, 2], {"unlabelled items left out": 1})


ODD_IN = [
    (name, odd) for name in WRITERS for odd in (1.5, -7, "²", "dog") if not (isinstance(odd, str) and name in NO_TEXTS)
]


@pytest.mark.parametrize(("name", "odd"), ODD_IN)
def test_every_source_refuses_an_odd_label_with_its_row(tmp_path, name, odd):
    options = WRITERS[name](tmp_path, [2, 0, odd, 2])
    with pytest.raises(UserError, match=r"label") as raised:
        labels_of(name, options)
    assert str(odd) in str(raised.value)
