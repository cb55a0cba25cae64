"""Karpathy's caption files: a JSON with `images: [{filename, split, sentences: [{raw}]}]`, and a folder of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench import jsonfiles
from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._captions import CaptionedImages, checked
from zsbench.data._images import from_path
from zsbench.errors import UserError
from zsbench.yamlio import shown


def _files(options: dict[str, Any]) -> list[str]:
    path = Path(options["path"])
    if not path.is_file():
        return [str(path)]
    rows = _rows(path, str(options.get("split", "test")))
    return [str(path), *(str(_image(Path(options["images"]), row)) for row in rows)]


@source(gives="captioned-images", files=_files)
def karpathy(*, path: LocalPath, images: LocalPath, split: str = "test", capitalise: bool = False) -> CaptionedImages:
    """Read the captions of a split; images come in the order of their file names, as remote-sensing sets need it.

    Parameters
    ----------
    path : the JSON file (dataset_flickr30k.json, dataset_coco.json, dataset_rsicd.json ...).
    images : folder of the images; a row's `filepath` is looked up below it.
    split : `train`, `val` or `test`.
    capitalise : first letter upper case and the rest lower case, as RemoteCLIP's evaluation does.

    Raises
    ------
    UserError
        Not such a file, an unknown split, an image that is not there.
    """
    rows = sorted(_rows(Path(path), split), key=lambda row: str(row["filename"]))
    items, captions = [], []
    for row in rows:
        file = _image(Path(images), row)
        if not file.is_file():
            raise UserError(shown(Path(path)), f"no image '{row['filename']}' in {shown(Path(images))}")
        items.append(from_path(file, str(row["filename"])))
        texts = [str(sentence["raw"]).strip() for sentence in row["sentences"]]
        captions.append([text.capitalize() for text in texts] if capitalise else texts)
    return checked(CaptionedImages(items, captions), shown(Path(path)))


def _image(folder: Path, row: dict[str, Any]) -> Path:
    below = folder / str(row.get("filepath", "")) / str(row["filename"])
    return below if below.is_file() else folder / str(row["filename"])


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
