"""A CSV, TSV or parquet table of image paths and labels."""

from __future__ import annotations

from pathlib import Path

from zsbench import tablefiles
from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._images import ImageItem, ImageSet, from_path
from zsbench.data.label_columns import Unlabelled, read_labels
from zsbench.errors import UserError
from zsbench.options import Text
from zsbench.yamlio import shown


@source(gives="images", files=lambda options: [options["path"]])
def image_table(
    *,
    path: LocalPath,
    image: str = "path",
    label: str = "label",
    group: str | None = None,
    root: LocalPath | None = None,
    separator: Text = "|",
    unlabelled: Unlabelled = "error",
) -> ImageSet:
    """Read one image a row.

    Parameters
    ----------
    path : .csv, .tsv or .parquet with a header.
    image, label : names of the columns; labels are 0-based numbers, or class names (numbered in sorted order), or, in
        parquet, lists of them or 0/1 vectors.
    group : name of a column with the group of each image, for accuracy by group.
    root : folder that the image paths start at; by default the table's own.
    separator : between several labels of one image.
    unlabelled : what a row without label (empty, -1) is: an error, or dropped and counted.

    Raises
    ------
    UserError
        A column, a label or an image file is missing; with file and line.
    """
    table = Path(path)
    folder = Path(root) if root else table.parent
    rows = tablefiles.read(table, [image, label, *([group] if group else [])], raw=(label,))

    def where(number: int) -> str:
        return rows[number].place

    column = read_labels([row[label] for row in rows], where=where, unlabelled=unlabelled, separator=separator)
    items: list[ImageItem] = []
    groups: list[str] = []
    for number in column.kept:
        name = rows[number][image]
        file = folder / name
        if not file.is_file():
            raise UserError(where(number), f"no such file '{name}'", f"a path that starts at {shown(folder)}")
        items.append(from_path(file, name))
        groups += [rows[number][group]] if group else []
    return ImageSet(items, column.labels, column.names, groups=groups or None, width=column.width, counts=column.counts)
