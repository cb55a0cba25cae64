"""Rows of a JSONL file that name images under `images`, which `associations` and `caption_choices` share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.core import jsonfiles
from zsbench.core.yamlio import shown
from zsbench.data.file_lists import listed_files
from zsbench.data.images.decoding import Decoding
from zsbench.data.images.items import ImageItem, from_path


def image_files(options: dict[str, Any]) -> list[str]:
    """Return the JSONL file and the images that it lists."""
    path = Path(options["path"])
    return [str(path), *_read(path, options.get("root"), {})[1]] if path.is_file() else [str(path)]


def read_rows(
    path: str, root: str | None, required: dict[str, type], decoding: Decoding
) -> list[tuple[str, dict[str, Any], list[ImageItem]]]:
    """Return (place, row, images) of every line.

    Parameters
    ----------
    path : the JSONL file.
    root : folder that the image paths start at; None for the file's own.
    required : keys beside `images` that a row has to have, with their types.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        With file and line: not JSON, a key is missing or of another type, an image is not there.
    """
    folder, rows = _folder(Path(path), root), _read(Path(path), root, required)[0]
    return [
        (place, row, [from_path(folder / str(name), str(name), decoding) for name in row["images"]])
        for place, row in rows
    ]


def _read(
    path: Path, root: str | None, required: dict[str, type]
) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    """Return (place, row) of every line, and the distinct images of all rows."""
    name, folder = shown(path), _folder(path, root)
    rows = [(f"{name}:{number}", row) for number, row in jsonfiles.lines(path, {**required, "images": list})]
    named = ((place, folder / str(image), str(image)) for place, row in rows for image in row["images"])
    return rows, listed_files(named, folder)


def _folder(path: Path, root: str | None) -> Path:
    return Path(root) if root else path.parent
