"""A CSV, TSV or parquet table of image paths and captions, one caption a row."""

from __future__ import annotations

from pathlib import Path

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import tablefiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.captions.captioned import CaptionedImages, checked
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.image_table import image_files, listed_images
from zsbench.data.images.items import from_path


@source(gives="captioned-images", files=image_files)
@companions(different=("image", "caption", "cluster"))
@image_options
def caption_table(
    *,
    path: LocalPath,
    image: Text = "path",
    caption: Text = "caption",
    cluster: Text | None = None,
    root: LocalPath | None = None,
    decoding: Decoding,
) -> CaptionedImages:
    """Read images in the order of their first row; rows with the same path are captions of one image.

    Parameters
    ----------
    path : .csv, .tsv or .parquet with a header.
    image, caption : names of the columns.
    cluster : name of a column with what each image comes from (a product, a video), by default `cluster` where there is
        one; without it each image and its captions stand alone.
    root : folder that the image paths start at; by default the table's own.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        A column, a caption or an image file is missing, or one image comes from two things; with file and line.
    """
    table = Path(path)
    folder = Path(root) if root else table.parent
    needed, optional = clusters.column(cluster, (image, caption))
    rows = tablefiles.read(table, [image, caption, *needed], optional=optional)
    listed_images(rows, image, table, root)
    captions: dict[str, list[str]] = {}
    for row in rows:
        if not row[caption].strip():
            raise UserError(row.place, f"column '{caption}' is empty", "a caption")
        captions.setdefault(row[image], []).append(row[caption])
    items = [from_path(folder / name, name, decoding) for name in captions]
    names = _clusters(rows, image, clusters.of_table(rows, [*needed, *optional]))
    return checked(CaptionedImages(items, list(captions.values()), clusters=names), shown(table))


def _clusters(rows: list[tablefiles.Row], image: str, of_rows: list[str] | None) -> list[str] | None:
    """Return the cluster of every image in the order of its first row."""
    if of_rows is None:
        return None
    of_images: dict[str, str] = {}
    for row, name in zip(rows, of_rows, strict=True):
        before = of_images.setdefault(row[image], name)
        if before != name:
            raise UserError(row.place, f"image '{row[image]}' in cluster '{name}', before in '{before}'", "one cluster")
    return list(of_images.values())
