"""A CSV, TSV or parquet table of image paths and captions, one caption a row."""

from __future__ import annotations

from pathlib import Path

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import tablefiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.captions.captioned import CaptionedImages, checked
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.image_table import image_files, listed_images
from zsbench.data.images.items import from_path


@source(gives="captioned-images", files=image_files)
@companions(different=("image", "caption"))
@image_options
def caption_table(
    *,
    path: LocalPath,
    image: Text = "path",
    caption: Text = "caption",
    root: LocalPath | None = None,
    decoding: Decoding,
) -> CaptionedImages:
    """Read images in the order of their first row; rows with the same path are captions of one image.

    Parameters
    ----------
    path : .csv, .tsv or .parquet with a header.
    image, caption : names of the columns.
    root : folder that the image paths start at; by default the table's own.
    decoding : how the images become pixels.
    """
    table = Path(path)
    folder = Path(root) if root else table.parent
    rows = tablefiles.read(table, [image, caption])
    listed_images(rows, image, table, root)
    captions: dict[str, list[str]] = {}
    for row in rows:
        if not row[caption].strip():
            raise UserError(row.place, f"column '{caption}' is empty", "a caption")
        captions.setdefault(row[image], []).append(row[caption])
    items = [from_path(folder / name, name, decoding) for name in captions]
    return checked(CaptionedImages(items, list(captions.values())), shown(table))
