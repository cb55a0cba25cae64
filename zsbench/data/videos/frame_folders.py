"""Videos as folders of frames: `<path>/<class>/<video>/<frame>.jpg`, in the order of the numbers in frames' names."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Pattern
from zsbench.core.errors import UserError
from zsbench.core.listing import Listing, files_in, require_folder, subfolders
from zsbench.core.records import digest
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.imagefiles import SUFFIXES
from zsbench.data.images.items import from_path
from zsbench.data.videos.video import Video, VideoSet

_EXPECTED = "a folder with `<class>/<video>/<frame>` in it"


def _files(options: dict[str, Any]) -> list[str]:
    root = Path(options["path"])
    if not root.exists():
        return [str(root)]
    return [str(frame) for _, videos in _classes(root) for _, frames in videos for frame in frames.files]


def _classes(root: Path) -> list[tuple[Path, list[tuple[Path, Listing]]]]:
    """Return every class folder with its videos, each of them a folder and its frames."""
    folders = subfolders(require_folder(root, _EXPECTED))
    classes = [(folder, [(video, _frames(video)) for video in subfolders(folder)]) for folder in folders]
    if not any(videos for _, videos in classes):
        raise UserError(shown(root), "no videos", _EXPECTED)
    return classes


def _frames(folder: Path) -> Listing:
    """Return the frames of a video, which must lie in the folder itself."""
    frames, inner = files_in(folder, SUFFIXES), subfolders(folder)
    if inner:
        raise UserError(shown(inner[0]), "a folder inside of a video", _EXPECTED)
    if not frames.files:
        raise UserError(shown(folder), "a video without frames", f"files {' '.join(sorted(SUFFIXES))}")
    return frames


@source(gives="videos", files=_files)
@image_options
def frame_folders(
    *,
    path: LocalPath,
    cluster: Pattern | None = None,
    decoding: Decoding,
) -> VideoSet:
    """Read one folder of frames a video; labels follow the sorted names of the class folders.

    Hidden files and folders are ignored, links to folders followed, files that are no images counted.

    Parameters
    ----------
    path : the folder.
    cluster : a regular expression that finds, in `<class>/<video>`, the recording that a video is cut from.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        No such folder, no videos, a video without frames or with folders in it.
    """
    root = Path(path)
    classes = _classes(root)
    videos = [_video(folder, frames.files, decoding) for _, videos_in in classes for folder, frames in videos_in]
    labels = [label for label, (_, videos_in) in enumerate(classes) for _ in videos_in]
    beside = [files_in(folder, SUFFIXES) for folder in (root, *(folder for folder, _ in classes))]
    loose = sum(len(listing.files) for listing in beside)
    counts = {"images that lie in no video's folder": loose} if loose else {}
    listings = [*beside, *(frames for _, videos_in in classes for _, frames in videos_in)]
    counts |= Listing(others=sum((listing.others for listing in listings), Counter[str]())).counts("images")
    recordings = clusters.of_paths([video.id for video in videos], cluster, shown(root))
    return VideoSet(videos, labels, [folder.name.replace("_", " ") for folder, _ in classes], counts, recordings)


def in_order(frames: list[Path]) -> list[Path]:
    """Return frames in the order of the numbers in their names, so that `2.jpg` comes before `10.jpg`."""

    def key(frame: Path) -> list[tuple[str, int, str]]:
        parts = re.split(r"([0-9]+)", frame.name)
        return [("", int(part), part) if i % 2 else (part, 0, "") for i, part in enumerate(parts)]

    return sorted(frames, key=key)


def _video(folder: Path, frames: list[Path], decoding: Decoding) -> Video:
    where = shown(folder)
    images = [from_path(frame, os.path.join(where, frame.name), decoding) for frame in in_order(frames)]

    def read(numbers: Sequence[int]) -> list[Any]:
        return [images[i].open() for i in numbers]

    def identity() -> str:
        return digest(image.digest() for image in images)

    def traits() -> list[str]:
        return [trait for image in images for trait in image.traits()]

    return Video(f"{folder.parent.name}/{folder.name}", partial(len, images), read, identity, traits=traits)
