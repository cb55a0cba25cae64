"""A CSV, TSV or parquet table of image paths and labels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Separator, Text
from zsbench.core import tablefiles
from zsbench.data import clusters
from zsbench.data.file_lists import listed_files
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.items import ImageItem, ImageSet, from_path
from zsbench.data.label_columns import UnlabelledImages, read_labels


def image_files(options: dict[str, Any]) -> list[str]:
    """Return a table and the images that it lists."""
    table = Path(options["path"])
    if not table.is_file():
        return [str(table)]
    column = str(options.get("image", "path"))
    return [str(table), *listed_images(tablefiles.read(table, [column]), column, table, options.get("root"))]


def listed_images(rows: list[tablefiles.Row], column: str, table: Path, root: str | None) -> list[str]:
    """Return the images of a table's rows; a missing one is an error with its line."""
    folder = Path(root) if root else table.parent
    return listed_files(((row.place, os.path.join(folder, row[column]), row[column]) for row in rows), folder)


@source(gives="images", files=image_files)
@companions(different=("image", "label", "group", "cluster"))
@image_options
def image_table(
    *,
    path: LocalPath,
    image: Text = "path",
    label: Text = "label",
    group: Text | None = None,
    cluster: Text | None = None,
    root: LocalPath | None = None,
    separator: Separator = "|",
    unlabelled: UnlabelledImages = "error",
    decoding: Decoding,
) -> ImageSet:
    """Read one image a row.

    Parameters
    ----------
    path : .csv, .tsv or .parquet with a header.
    image, label : names of the columns; labels are 0-based numbers, or class names (numbered in sorted order), or, in
        parquet, lists of them or 0/1 vectors.
    group : name of a column with the group of each image, for accuracy by group.
    cluster : name of a column with what each image comes from (a video, a patient), by default `cluster` where there is
        one.
    root : folder that the image paths start at; by default the table's own.
    separator : between several labels of one image.
    unlabelled : what a row without label (empty, -1) is: an error, dropped and counted, or kept for `unlabeled:`.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        A column, a label or an image file is missing; with file and line.
    """
    table = Path(path)
    folder = Path(root) if root else table.parent
    asked = [image, label, *([group] if group else [])]
    needed, optional = clusters.column(cluster, asked)
    rows = tablefiles.read(table, [*asked, *needed], optional=optional, raw=(label,))

    def where(number: int) -> str:
        return rows[number].place

    column = read_labels([row[label] for row in rows], where=where, unlabelled=unlabelled, separator=separator)
    listed_images(rows, image, table, root)
    items: list[ImageItem] = []
    groups: list[str] = []
    for number in column.kept:
        name = rows[number][image]
        items.append(from_path(folder / name, name, decoding))
        groups += [rows[number][group]] if group else []
    return ImageSet(
        items,
        column.labels,
        column.names,
        groups=groups or None,
        width=column.width,
        counts=column.counts,
        clusters=clusters.taken(clusters.of_table(rows, [*needed, *optional]), column.kept, len(rows)),
    )
