"""A CSV, TSV or parquet table of image paths and captions, one caption a row."""

from __future__ import annotations

from pathlib import Path

from zsbench import tablefiles
from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._captions import CaptionedImages, checked
from zsbench.data._images import from_path
from zsbench.errors import UserError
from zsbench.yamlio import shown


@source(gives="captioned-images", files=lambda options: [options["path"]])
def caption_table(
    *, path: LocalPath, image: str = "path", caption: str = "caption", root: LocalPath | None = None
) -> CaptionedImages:
    """Read images in the order of their first row; rows with the same path are captions of one image.

    Parameters
    ----------
    path : .csv, .tsv or .parquet with a header.
    image, caption : names of the columns.
    root : folder that the image paths start at; by default the table's own.
    """
    table = Path(path)
    folder = Path(root) if root else table.parent
    captions: dict[str, list[str]] = {}
    for row in tablefiles.read(table, [image, caption]):
        if not (folder / row[image]).is_file():
            raise UserError(row.place, f"no such file '{row[image]}'")
        if not row[caption].strip():
            raise UserError(row.place, f"column '{caption}' is empty", "a caption")
        captions.setdefault(row[image], []).append(row[caption])
    items = [from_path(folder / name, name) for name in captions]
    return checked(CaptionedImages(items, list(captions.values())), shown(table))
