"""A CSV, TSV or parquet table of image paths and labels."""

from __future__ import annotations

import csv
from pathlib import Path

from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._images import ImageItem, ImageSet, from_path
from zsbench.errors import UserError, did_you_mean
from zsbench.yamlio import shown


@source(gives="images", files=lambda options: [options["path"]])
def image_table(
    *,
    path: LocalPath,
    image: str = "path",
    label: str = "label",
    group: str | None = None,
    root: LocalPath | None = None,
    separator: str = "|",
) -> ImageSet:
    """Read one image a row.

    Parameters
    ----------
    path : .csv, .tsv or .parquet with a header.
    image, label : names of the columns; labels are 0-based numbers, or class names (numbered in sorted order).
    group : name of a column with the group of each image, for accuracy by group.
    root : folder that the image paths start at; by default the table's own.
    separator : between several labels of one image.

    Raises
    ------
    UserError
        A column, a label or an image file is missing; with file and line.
    """
    table = Path(path)
    folder = Path(root) if root else table.parent
    items: list[ImageItem] = []
    texts: list[list[str]] = []
    groups: list[str] = []
    for number, row in enumerate(read_rows(table, [image, label, *([group] if group else [])]), 2):
        where = f"{shown(table)}:{number}"
        if not row[label]:
            raise UserError(where, f"column '{label}' is empty", "a label")
        file = folder / row[image]
        if not file.is_file():
            raise UserError(where, f"no such file '{row[image]}'", f"a path that starts at {shown(folder)}")
        items.append(from_path(file, row[image]))
        groups += [row[group]] if group else []
        texts.append([part.strip() for part in row[label].split(separator)])
    if all(part.isdigit() for row in texts for part in row):
        names, numbers = None, [[int(part) for part in row] for row in texts]
    else:
        names = sorted({part for row in texts for part in row})
        place = {name: i for i, name in enumerate(names)}
        numbers = [[place[part] for part in row] for row in texts]
    several = any(len(row) > 1 for row in numbers)
    labels = numbers if several else [row[0] for row in numbers]
    return ImageSet(items, labels, names, groups=groups or None)


def read_rows(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """Return the rows as texts, with the columns checked."""
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
        read = [{key: "" if v is None else str(v) for key, v in row.items()} for row in table.to_pylist()]
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
