"""A CSV, TSV or parquet table of image paths and labels."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path
from typing import Any

from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._images import ImageItem, ImageSet, from_path
from zsbench.data.label_columns import Unlabelled, read_labels
from zsbench.errors import UserError, did_you_mean
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
    rows = read_rows(table, [image, label, *([group] if group else [])], raw=(label,))

    def where(number: int) -> str:
        return f"{shown(table)}:{number + 2}"

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


def read_rows(path: Path, columns: list[str], *, raw: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return the rows as texts, with the columns checked; `raw` columns of parquet keep their values."""
    if not path.is_file():
        raise UserError(shown(path), "no such file")
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
        except pa.ArrowInvalid as error:
            raise UserError(shown(path), f"not a parquet file ({error})") from None
        known = table.column_names
        read = [
            {key: v if key in raw else "" if v is None else str(v) for key, v in row.items()}
            for row in table.to_pylist()
        ]
    else:
        try:
            with path.open(newline="", encoding="utf-8-sig") as handle:
                reader = csv.DictReader(handle, delimiter="\t" if path.suffix == ".tsv" else ",", restval="")
                read = [{k: v or "" for k, v in row.items() if k} for row in reader]
                known = list(reader.fieldnames or [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise UserError(shown(path), f"cannot be read ({error})", "a UTF-8 text table with a header") from None
    for column in columns:
        if column not in known:
            hint = did_you_mean(column, known) or f"columns: {', '.join(known)}"
            raise UserError(shown(path), f"no column '{column}'", "", hint)
    if not read:
        raise UserError(shown(path), "a header without rows", "at least one row")
    return read
