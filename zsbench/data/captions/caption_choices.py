"""Groups of images and captions to match, as JSONL: `{"id": ..., "images": [paths], "captions": [texts]}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core.errors import UserError
from zsbench.data import clusters
from zsbench.data.captions._image_rows import image_files, read_rows
from zsbench.data.images.decoding import Decoding, image_options


@dataclass(frozen=True)
class Group:
    """Images and captions to match; image i belongs to caption i, further ones are distractors."""

    id: str
    images: Sequence[Any]
    captions: Sequence[str]


@dataclass
class GroupSet:
    """Groups and, aligned, the names of what each comes from: those that share an image come from one thing."""

    items: Sequence[Group]
    clusters: Sequence[str] | None = None


@source(gives="caption-groups", files=image_files)
@image_options
def caption_choices(
    *,
    path: LocalPath,
    root: LocalPath | None = None,
    cluster: Text | None = None,
    decoding: Decoding,
) -> GroupSet:
    """Read the groups; Winoground has two images and two captions in each, SugarCrepe one image and two captions.

    Parameters
    ----------
    path : the JSONL file.
    root : folder that the image paths start at; by default the file's own.
    cluster : key that names what a group comes from, by default `cluster` where there is one; without it, groups that
        share an image come from one thing, as SugarCrepe's do.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        An image that is not there, or a row without a choice: with file and line.
    """
    groups, named = [], []
    for place, row, images in read_rows(path, root, {"id": str, "captions": list}, decoding):
        captions = row["captions"]
        if len(images) + len(captions) < 3 or not images or not captions:
            found = f"{len(images)} images and {len(captions)} captions"
            raise UserError(place, found, "a choice: at least one of each and two of one")
        groups.append(Group(row["id"], images, captions))
        named.append((place, clusters.named(row, cluster)))
    return GroupSet(groups, clusters.of_rows(named, cluster) or _by_images(groups))


def _by_images(groups: Sequence[Group]) -> list[str]:
    """Return for each group the first image of all groups that are joined by images they share.

    Examples
    --------
    >>> from types import SimpleNamespace as Image
    >>> a, b, c = Image(id="a"), Image(id="b"), Image(id="c")
    >>> _by_images([Group("1", [b, a], []), Group("2", [c], []), Group("3", [a], [])])
    ['b', 'c', 'b']
    """
    leader: dict[str, str] = {}

    def first(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for group in groups:
        for image in group.images[1:]:
            leader[first(image.id)] = first(group.images[0].id)
    seen: dict[str, str] = {}
    return [seen.setdefault(first(group.images[0].id), group.images[0].id) for group in groups]
