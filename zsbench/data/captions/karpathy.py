"""Karpathy's caption files: a JSON with `images: [{filename, split, sentences: [{raw}]}]`, and a folder of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.files import Folders
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.captions.captioned import CaptionedImages, checked
from zsbench.data.file_lists import listed_files
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.items import from_path


def _files(options: dict[str, Any]) -> list[str]:
    path = Path(options["path"])
    if not path.is_file():
        return [str(path)]
    rows = _rows(path, str(options.get("split", "test")))
    return [str(path), *map(str, _images(rows, Path(options["images"]), path))]


@source(gives="captioned-images", files=_files)
@image_options
def karpathy(
    *,
    path: LocalPath,
    images: LocalPath,
    split: Text = "test",
    order: Literal["name", "file"] = "name",
    capitalise: bool = False,
    cluster: Text | None = None,
    decoding: Decoding,
) -> CaptionedImages:
    """Read the captions of a split.

    Parameters
    ----------
    path : the JSON file (dataset_flickr30k.json, dataset_coco.json, dataset_rsicd.json ...).
    images : folder of the images; a row's `filepath` is looked up below it.
    split : `train`, `val` or `test`.
    order : images by `name`, as the evaluation of the remote-sensing sets reads them, or as they stand in the `file`,
        as the five galleries of COCO's 1K protocol are cut.
    cluster : key of the rows that names what an image comes from, by default `cluster` where there is one; without it
        each image and its captions stand alone.
    capitalise : first letter upper case and the rest lower case, as RemoteCLIP's evaluation does.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        Not such a file, an unknown split, an image that is not there.
    """
    rows = _rows(Path(path), split)
    files = _images(rows, Path(images), Path(path))
    items, captions, named = [], [], []
    pairs = list(zip(rows, files, strict=True))
    if order == "name":
        pairs.sort(key=lambda pair: str(pair[0]["filename"]))
    for row, file in pairs:
        items.append(from_path(file, str(row["filename"]), decoding))
        texts = [str(sentence["raw"]).strip() for sentence in row["sentences"]]
        captions.append([text.capitalize() for text in texts] if capitalise else texts)
        named.append((f"{shown(Path(path))}: image '{row['filename']}'", row))
    images_read = CaptionedImages(items, captions, clusters=clusters.of_rows(named, cluster))
    return checked(images_read, shown(Path(path)))


def _images(rows: list[dict[str, Any]], folder: Path, path: Path) -> list[Path]:
    """Return the image of every row, in the row's `filepath` or else in the folder itself."""
    folders, names = Folders(), [str(row["filename"]) for row in rows]
    below = [folder / str(row.get("filepath", "")) / name for row, name in zip(rows, names, strict=True)]
    files = [file if folders.is_file(file) else folder / name for file, name in zip(below, names, strict=True)]
    listed_files(((shown(path), file, name) for file, name in zip(files, names, strict=True)), folder)
    return files


def _rows(path: Path, split: str) -> list[dict[str, Any]]:
    """Return the rows of a split in the file's order."""
    expected = "`images: [{filename, split, sentences: [{raw}]}]`"
    content = jsonfiles.read(path, expected)
    try:
        splits = {str(row["split"]) for row in content["images"]}
        rows = [row for row in content["images"] if row["split"] == split]
        # Whatever is read of a row later has to be there.
        _ = [(row["filename"], [sentence["raw"] for sentence in row["sentences"]]) for row in rows]
    except (KeyError, TypeError) as error:
        raise UserError(shown(path), f"not a caption file ({type(error).__name__}: {error})", expected) from None
    if not rows:
        raise UserError(shown(path), f"no split '{split}'", f"one of {', '.join(sorted(splits))}")
    return rows
