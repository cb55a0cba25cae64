"""Groups of images and captions to match, as JSONL: `{"id": ..., "images": [paths], "captions": [texts]}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath
from zsbench.core.errors import UserError
from zsbench.data.captions._image_rows import image_files, read_rows
from zsbench.data.images.decoding import Decoding, image_options


@dataclass(frozen=True)
class Group:
    """Images and captions to match; image i belongs to caption i, further ones are distractors."""

    id: str
    images: Sequence[Any]
    captions: Sequence[str]


@source(gives="caption-groups", files=image_files)
@image_options
def caption_choices(
    *,
    path: LocalPath,
    root: LocalPath | None = None,
    decoding: Decoding,
) -> list[Group]:
    """Read the groups; Winoground has two images and two captions in each, SugarCrepe one image and two captions.

    Parameters
    ----------
    path : the JSONL file.
    root : folder that the image paths start at; by default the file's own.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        An image that is not there, or a row without a choice: with file and line.
    """
    groups = []
    for place, row, images in read_rows(path, root, {"id": str, "captions": list}, decoding):
        captions = row["captions"]
        if len(images) + len(captions) < 3 or not images or not captions:
            found = f"{len(images)} images and {len(captions)} captions"
            raise UserError(place, found, "a choice: at least one of each and two of one")
        groups.append(Group(row["id"], images, captions))
    return groups
