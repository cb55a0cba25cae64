"""Cues with candidate images, as JSONL: `{"id": ..., "cue": text, "images": [paths], "associations": [numbers]}`."""

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
class Cue:
    """A text and the images that may go with it."""

    id: str
    text: str
    images: Sequence[Any]


@dataclass
class CueSet:
    """Cues and, aligned, the numbers (0-based) of the images that people associated with each."""

    items: Sequence[Cue]
    associations: Sequence[frozenset[int]]


def _files(options: dict[str, Any]) -> list[str]:
    path = Path(options["path"])
    if not path.is_file():
        return [str(path)]
    folder = Path(options.get("root") or path.parent)
    rows = [(f"{shown(path)}:{number}", row["images"]) for number, row in jsonfiles.lines(path, {"images": list})]
    named = ((where, folder / str(name), str(name)) for where, names in rows for name in names)
    return [str(path), *listed_files(named, folder)]


@source(gives="cues", files=_files)
def associations(
    *,
    path: LocalPath,
    root: LocalPath | None = None,
    orientation: Orientation = "exif",
    alpha: Alpha = "drop",
    max_pixels: Count = MAX_PIXELS,
) -> CueSet:
    """Read the cues; WinoGAViL has 5 to 12 candidates for each.

    Parameters
    ----------
    path : the JSONL file.
    root : folder that the image paths start at; by default the file's own.
    orientation, alpha, max_pixels : as in `imagefolder`.

    Raises
    ------
    UserError
        An empty cue, an image that is not there or stands twice, associations that are no numbers of images.
    """
    file = Path(path)
    folder = Path(root) if root else file.parent
    decoding = Decoding(orientation, alpha, max_pixels)
    _files({"path": path, "root": root})
    cues, gold = [], []
    for number, row in jsonfiles.lines(file, {"id": str, "cue": str, "images": list, "associations": list}):
        where, names, chosen = f"{shown(file)}:{number}", row["images"], row["associations"]
        if not row["cue"].strip():
            raise UserError(where, "an empty cue", "a text")
        if len(set(names)) < len(names):
            raise UserError(where, "an image stands twice among the candidates")
        fits = all(type(i) is int and 0 <= i < len(names) for i in chosen)
        if not fits or not chosen or len(set(chosen)) < len(chosen):
            found = f"associations {chosen} of {len(names)} images"
            raise UserError(where, found, f"different numbers from 0 to {len(names) - 1}, at least one")
        cues.append(Cue(row["id"], row["cue"], [from_path(folder / str(name), str(name), decoding) for name in names]))
        gold.append(frozenset(chosen))
    return CueSet(cues, gold)
