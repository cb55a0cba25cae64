"""Groups of images and captions to match, as JSONL: `{"id": ..., "images": [paths], "captions": [texts]}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench import jsonfiles
from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._images import from_path
from zsbench.errors import UserError
from zsbench.yamlio import shown


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
    return [
        str(path),
        *(str(folder / name) for _, row in jsonfiles.lines(path, {"images": list}) for name in row["images"]),
    ]


@source(gives="caption-groups", files=_files)
def caption_choices(*, path: LocalPath, root: LocalPath | None = None) -> list[Group]:
    """Read the groups; Winoground has two images and two captions in each, SugarCrepe one image and two captions.

    Parameters
    ----------
    path : the JSONL file.
    root : folder that the image paths start at; by default the file's own.
    """
    file = Path(path)
    folder = Path(root) if root else file.parent
    groups = []
    for number, row in jsonfiles.lines(file, {"id": str, "images": list, "captions": list}):
        where = f"{shown(file)}:{number}"
        if len(row["images"]) + len(row["captions"]) < 3 or not row["images"] or not row["captions"]:
            found = f"{len(row['images'])} images and {len(row['captions'])} captions"
            raise UserError(where, found, "a choice: at least one of each and two of one")
        missing = next((name for name in row["images"] if not (folder / name).is_file()), None)
        if missing is not None:
            raise UserError(where, f"no such file '{missing}'")
        groups.append(Group(row["id"], [from_path(folder / name, name) for name in row["images"]], row["captions"]))
    return groups
