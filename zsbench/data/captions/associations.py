"""Cues with candidate images, as JSONL: `{"id": ..., "cue": text, "images": [paths], "associations": [numbers]}`."""

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
class Cue:
    """A text and the images that may go with it."""

    id: str
    text: str
    images: Sequence[Any]


@dataclass
class CueSet:
    """Cues and, aligned, the numbers (0-based) of the images that people associated with each.

    `clusters` names what each cue comes from, where several come from one thing. That cues choose among the same images
    makes no clusters: every cue shares some with others, so that all would be one.
    """

    items: Sequence[Cue]
    associations: Sequence[frozenset[int]]
    clusters: Sequence[str] | None = None


@source(gives="cues", files=image_files)
@image_options
def associations(
    *,
    path: LocalPath,
    root: LocalPath | None = None,
    cluster: Text | None = None,
    decoding: Decoding,
) -> CueSet:
    """Read the cues; WinoGAViL has 5 to 12 candidates for each.

    Parameters
    ----------
    path : the JSONL file.
    root : folder that the image paths start at; by default the file's own.
    cluster : key that names what a cue comes from, by default `cluster` where there is one.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        An empty cue, an image that is not there or stands twice, associations that are no numbers of images.
    """
    cues, chosen, named = [], [], []
    required: dict[str, type] = {"id": str, "cue": str, "associations": list}
    for place, row, images in read_rows(path, root, required, decoding):
        if not row["cue"].strip():
            raise UserError(place, "an empty cue", "a text")
        if len(set(row["images"])) < len(images):
            raise UserError(place, "an image stands twice among the candidates")
        cues.append(Cue(row["id"], row["cue"], images))
        chosen.append(_associations(row["associations"], len(images), place))
        named.append((place, clusters.named(row, cluster)))
    return CueSet(cues, chosen, clusters.of_rows(named, cluster))


def _associations(numbers: list[Any], n_images: int, place: str) -> frozenset[int]:
    """Return the numbers of the images that go with a cue, each from 0 to n_images - 1 and none twice."""
    fits = all(type(number) is int and 0 <= number < n_images for number in numbers)
    if not fits or not numbers or len(set(numbers)) < len(numbers):
        found = f"associations {numbers} of {n_images} images"
        raise UserError(place, found, f"different numbers from 0 to {n_images - 1}, at least one")
    return frozenset(numbers)
