"""Groups of images and captions to match, as JSONL: `{"id": ..., "images": [paths], "captions": [texts]}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import Count, LocalPath
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.file_lists import listed_files
from zsbench.data.images.imagefiles import MAX_PIXELS, Alpha, Decoding, Orientation
from zsbench.data.images.items import from_path


@dataclass(frozen=True)
class Group:
    """Images and captions to match; image i belongs to caption i, further ones are distractors."""

    id: str
    images: Sequence[Any]
    captions: Sequence[str]


def _files(options: dict[str, Any]) -> list[str]:
    path = Path(options["path"])
    if not path.is_file():
        return [str(path)]
    folder = Path(options.get("root") or path.parent)
    rows = [(f"{shown(path)}:{number}", row["images"]) for number, row in jsonfiles.lines(path, {"images": list})]
    named = ((where, folder / str(name), str(name)) for where, names in rows for name in names)
    return [str(path), *listed_files(named, folder)]


@source(gives="caption-groups", files=_files)
def caption_choices(
    *,
    path: LocalPath,
    root: LocalPath | None = None,
    orientation: Orientation = "exif",
    alpha: Alpha = "drop",
    max_pixels: Count = MAX_PIXELS,
) -> list[Group]:
    """Read the groups; Winoground has two images and two captions in each, SugarCrepe one image and two captions.

    Parameters
    ----------
    path : the JSONL file.
    root : folder that the image paths start at; by default the file's own.
    orientation, alpha, max_pixels : as in `imagefolder`.
    """
    file = Path(path)
    folder = Path(root) if root else file.parent
    decoding = Decoding(orientation, alpha, max_pixels)
    _files({"path": path, "root": root})
    groups = []
    for number, row in jsonfiles.lines(file, {"id": str, "images": list, "captions": list}):
        where = f"{shown(file)}:{number}"
        if len(row["images"]) + len(row["captions"]) < 3 or not row["images"] or not row["captions"]:
            found = f"{len(row['images'])} images and {len(row['captions'])} captions"
            raise UserError(where, found, "a choice: at least one of each and two of one")
        groups.append(
            Group(
                row["id"],
                [from_path(folder / str(name), str(name), decoding) for name in row["images"]],
                row["captions"],
            )
        )
    return groups
