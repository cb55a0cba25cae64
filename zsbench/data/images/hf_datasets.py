"""Image data sets through `datasets`: hub ids, folders of parquet or images, and `save_to_disk` folders."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import ModelRef, Revision, Text
from zsbench.core.errors import UserError, did_you_mean
from zsbench.data.hub import folder_files
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.items import ImageItem, ImageSet
from zsbench.data.label_columns import UnlabelledImages, read_labels


def dataset_files(options: dict[str, Any]) -> list[str]:
    """Return the local files behind a block that names a data set of `datasets`."""
    return folder_files(options["path"])


@source(gives="images", files=dataset_files)
@companions(different=("image", "label"))
@image_options
def hf_datasets(
    *,
    path: ModelRef,
    split: Text = "test",
    name: Text | None = None,
    revision: Revision | None = None,
    image: Text = "image",
    label: Text = "label",
    streaming: bool = False,
    unlabelled: UnlabelledImages = "error",
    decoding: Decoding,
) -> ImageSet:
    """Read a split; class names come from the label column: its ClassLabel feature, or its texts in sorted order.

    Parameters
    ----------
    path : hub id or local folder (images, parquet, or written by `save_to_disk`).
    split, name, revision : as `datasets.load_dataset` takes them. Loading scripts are never run.
    image, label : names of the columns.
    streaming : fetch this split's rows only and keep the encoded images in a temporary file.
    unlabelled : what a row without label (None, -1) is: an error, dropped and counted, or kept for `unlabeled:`.
    decoding : how the images become pixels.
    """
    readers, cells, names = read_columns(
        path, image, label, split=split, name=name, revision=revision, streaming=streaming
    )

    def where(number: int) -> str:
        return f"{path}: split '{split}', row {number}, column '{label}'"

    column = read_labels(cells, where=where, unlabelled=unlabelled, names=names)
    items = [ImageItem(f"{split}/{i:06d}", readers[i], decoding) for i in column.kept]
    return ImageSet(items, column.labels, names or column.names, width=column.width, counts=column.counts)


def read_columns(
    path: str, image: str, other: str, *, split: str, name: str | None, revision: str | None, streaming: bool
) -> tuple[list[Any], list[Any], list[str] | None]:
    """Return a reader of every row's encoded image, another column's values, and that column's class names if any.

    Raises
    ------
    UserError
        `datasets` cannot load it, or a column is missing.
    """
    import datasets

    rows = _load(path, split=split, name=name, revision=revision, streaming=streaming)
    for column in (image, other):
        if column not in rows.column_names:
            hint = did_you_mean(column, rows.column_names) or f"columns: {', '.join(rows.column_names)}"
            raise UserError(path, f"no column '{column}'", "", hint)
    feature = rows.features[other]
    names = getattr(getattr(feature, "feature", feature), "names", None)
    rows = rows.cast_column(image, datasets.Image(decode=False)).select_columns([image, other])
    readers, values = _spooled(rows, image, other) if streaming else _indexed(rows, image, other)
    return readers, values, list(names) if names else None


def _indexed(rows: Any, image: str, label: str) -> tuple[list[Any], list[Any]]:
    """Return a reader for every row of a data set on disk, and the labels."""
    encoded = rows.select_columns([image])
    return [partial(_row_bytes, encoded, i, image) for i in range(len(rows))], list(rows[label])


def _row_bytes(rows: Any, index: int, image: str) -> bytes:
    return _bytes(rows[index][image])


def _bytes(value: dict[str, Any]) -> bytes:
    data: bytes = value["bytes"] if value["bytes"] is not None else Path(value["path"]).read_bytes()
    return data


def _spooled(rows: Any, image: str, label: str) -> tuple[list[Any], list[Any]]:
    """Return readers and labels of a stream, its images copied to one temporary file: memory stays flat."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the readers keep it open
    readers, labels = [], []
    for row in rows:
        data = _bytes(row[image])
        readers.append(partial(_spool_bytes, spool, spool.tell(), len(data)))
        labels.append(row[label])
        spool.write(data)
    spool.flush()
    return readers, labels


def _spool_bytes(spool: Any, offset: int, size: int) -> bytes:
    return os.pread(spool.fileno(), size, offset)


def _load(path: str, *, split: str, name: str | None, revision: str | None, streaming: bool) -> Any:
    """Return one split; what `datasets` raises becomes one sentence."""
    import datasets

    datasets.disable_progress_bars()
    local = Path(path)
    try:
        saved = (local / "dataset_info.json").is_file() or (local / "dataset_dict.json").is_file()
        if saved:
            loaded = datasets.load_from_disk(path)
        else:
            loaded = datasets.load_dataset(path, name, revision=revision, streaming=streaming)
    except Exception as error:
        # datasets lets through the exceptions of every storage and format library below it.
        reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        raise UserError(path, f"datasets cannot load this ({reason})") from error
    if saved and name is not None:
        raise UserError(path, f"name '{name}' of a data set that was saved to disk", "no `name:`: it holds one only")
    if isinstance(loaded, dict):
        if split not in loaded:
            raise UserError(path, f"no split '{split}'", f"one of {', '.join(loaded)}")
        return loaded[split]
    # One split that was saved alone says what it is, or is taken for the default one.
    its_split = str(loaded.split or "test")
    if split != its_split:
        raise UserError(path, f"no split '{split}'", f"split '{its_split}', the only one there")
    return loaded
