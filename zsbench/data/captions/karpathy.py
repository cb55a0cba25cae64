"""Karpathy's caption files: a JSON with `images: [{filename, split, sentences: [{raw}]}]`, and a folder of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import Count, LocalPath, Text
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.files import Folders
from zsbench.core.yamlio import shown
from zsbench.data.captions.captioned import CaptionedImages, checked
from zsbench.data.file_lists import listed_files
from zsbench.data.images.imagefiles import MAX_PIXELS, Alpha, Decoding, Orientation
from zsbench.data.images.items import from_path


def _files(options: dict[str, Any]) -> list[str]:
    path = Path(options["path"])
    if not path.is_file():
        return [str(path)]
    return [str(path), *map(str, _images(path, Path(options["images"]), str(options.get("split", "test"))))]


@source(gives="captioned-images", files=_files)
def karpathy(
    *,
    path: LocalPath,
    images: LocalPath,
    split: Text = "test",
    capitalise: bool = False,
    orientation: Orientation = "exif",
    alpha: Alpha = "drop",
    max_pixels: Count = MAX_PIXELS,
) -> CaptionedImages:
    """Read the captions of a split; images come in the order of their file names, as remote-sensing sets need it.

    Parameters
    ----------
    path : the JSON file (dataset_flickr30k.json, dataset_coco.json, dataset_rsicd.json ...).
    images : folder of the images; a row's `filepath` is looked up below it.
    split : `train`, `val` or `test`.
    capitalise : first letter upper case and the rest lower case, as RemoteCLIP's evaluation does.
    orientation, alpha, max_pixels : as in `imagefolder`.

    Raises
    ------
    UserError
        Not such a file, an unknown split, an image that is not there.
    """
    rows = _rows(Path(path), split)
    files = {
        str(row["filename"]): file for row, file in zip(rows, _images(Path(path), Path(images), split), strict=True)
    }
    decoding = Decoding(orientation, alpha, max_pixels)
    items, captions = [], []
    for row in sorted(rows, key=lambda row: str(row["filename"])):
        items.append(from_path(files[str(row["filename"])], str(row["filename"]), decoding))
        texts = [str(sentence["raw"]).strip() for sentence in row["sentences"]]
        captions.append([text.capitalize() for text in texts] if capitalise else texts)
    return checked(CaptionedImages(items, captions), shown(Path(path)))


def _images(path: Path, folder: Path, split: str) -> list[Path]:
    """Return the image of every row of a split."""
    rows, folders = _rows(path, split), Folders()
    names = [str(row["filename"]) for row in rows]
    below = [folder / str(row.get("filepath", "")) / name for row, name in zip(rows, names, strict=True)]
    found = [file if folders.is_file(file) else folder / name for file, name in zip(below, names, strict=True)]
    listed_files(((shown(path), file, name) for file, name in zip(found, names, strict=True)), folder)
    return found


def _rows(path: Path, split: str) -> list[dict[str, Any]]:
    expected = "`images: [{filename, split, sentences: [{raw}]}]`"
    content = jsonfiles.read(path, expected)
    try:
        rows = content["images"]
        found = [row for row in rows if row["split"] == split]
        splits = sorted({str(row["split"]) for row in rows})
        _ = [(row["filename"], [sentence["raw"] for sentence in row["sentences"]]) for row in found]
    except (KeyError, TypeError) as error:
        raise UserError(shown(path), f"not a caption file ({type(error).__name__}: {error})", expected) from None
    if not found:
        raise UserError(shown(path), f"no split '{split}'", f"one of {', '.join(splits)}")
    return found
