"""Image data sets through `datasets`: hub ids, folders of parquet or images, and `save_to_disk` folders."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import ModelRef, Revision, Text
from zsbench.data import clusters
from zsbench.data.hub import class_names, dataset_files, load_split, require_column
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.items import ImageItem, ImageSet
from zsbench.data.label_columns import UnlabelledImages, read_labels


@source(gives="images", files=dataset_files)
@companions(different=("image", "label", "cluster"))
@image_options
def hf_datasets(
    *,
    path: ModelRef,
    split: Text = "test",
    name: Text | None = None,
    revision: Revision | None = None,
    image: Text = "image",
    label: Text = "label",
    cluster: Text | None = None,
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
    cluster : name of a column with what each image comes from (a video, a patient), by default `cluster` where there is
        one.
    streaming : fetch this split's rows only and keep the encoded images in a temporary file.
    unlabelled : what a row without label (None, -1) is: an error, dropped and counted, or kept for `unlabeled:`.
    decoding : how the images become pixels.
    """
    columns = read_columns(path, image, label, cluster, split, name=name, revision=revision, streaming=streaming)
    names = columns.names

    def where(number: int) -> str:
        return f"{path}: split '{split}', row {number}, column '{label}'"

    column = read_labels(columns.cells, where=where, unlabelled=unlabelled, names=names)
    items = [ImageItem(f"{split}/{i:06d}", columns.readers[i], decoding) for i in column.kept]
    return ImageSet(
        items,
        column.labels,
        names or column.names,
        width=column.width,
        counts=column.counts,
        clusters=clusters.taken(columns.clusters, column.kept, len(columns.readers)),
    )


@dataclass(frozen=True)
class Columns:
    """What of a split was asked for, a row each.

    Attributes
    ----------
    readers : give the encoded images.
    cells : the values of the other column.
    names : class names of that column, if it has any.
    clusters : what each image comes from, if a column says it.
    """

    readers: list[Any]
    cells: list[Any]
    names: list[str] | None
    clusters: list[str] | None


def read_columns(
    path: str,
    image: str,
    other: str,
    cluster: str | None,
    split: str,
    *,
    name: str | None,
    revision: str | None,
    streaming: bool,
) -> Columns:
    """Return a reader of every row's encoded image, another column's values, and the clusters that a third names.

    Raises
    ------
    UserError
        `datasets` cannot load it, a column is missing, or a row has no cluster among others that have one.
    """
    import datasets

    rows = load_split(path, split=split, name=name, revision=revision, streaming=streaming)
    needed, optional = clusters.column(cluster, (image, other))
    for column in (image, other, *needed):
        require_column(rows, column, path)
    names = class_names(rows, other)
    others = [other, *needed, *(column for column in optional if column in rows.column_names)]
    rows = rows.cast_column(image, datasets.Image(decode=False)).select_columns([image, *others])
    readers, values = _spooled(rows, image, others) if streaming else _indexed(rows, image, others)
    of_rows = None
    if len(others) > 1:
        cells = enumerate(values[others[1]])
        named = [(f"{path}: split '{split}', row {number}", {others[1]: cell}) for number, cell in cells]
        of_rows = clusters.of_rows(named, others[1], noun="column")
    return Columns(readers, values[other], names, of_rows)


def _indexed(rows: Any, image: str, others: list[str]) -> tuple[list[Any], dict[str, list[Any]]]:
    """Return a reader for every row of a data set on disk, and the values of the other columns."""
    encoded = rows.select_columns([image])
    readers = [partial(_row_bytes, encoded, i, image) for i in range(len(rows))]
    return readers, {column: list(rows[column]) for column in others}


def _row_bytes(rows: Any, index: int, image: str) -> bytes:
    return _bytes(rows[index][image])


def _bytes(value: dict[str, Any]) -> bytes:
    data: bytes = value["bytes"] if value["bytes"] is not None else Path(value["path"]).read_bytes()
    return data


def _spooled(rows: Any, image: str, others: list[str]) -> tuple[list[Any], dict[str, list[Any]]]:
    """Return readers and other columns of a stream, its images copied to one temporary file: memory stays flat."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the readers keep it open
    readers: list[Any] = []
    values: dict[str, list[Any]] = {column: [] for column in others}
    for row in rows:
        data = _bytes(row[image])
        readers.append(partial(_spool_bytes, spool, spool.tell(), len(data)))
        for column in others:
            values[column].append(row[column])
        spool.write(data)
    spool.flush()
    return readers, values


def _spool_bytes(spool: Any, offset: int, size: int) -> bytes:
    return os.pread(spool.fileno(), size, offset)
