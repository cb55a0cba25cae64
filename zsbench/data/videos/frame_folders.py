"""Videos as folders of frames: `<path>/<class>/<video>/<frame>.jpg`, in the order of the numbers in frames' names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import Count, LocalPath
from zsbench.core.errors import UserError
from zsbench.core.listing import Listing, files_in, require_folder, subfolders
from zsbench.core.records import digest
from zsbench.core.yamlio import shown
from zsbench.data.images.imagefiles import MAX_PIXELS, SUFFIXES, Alpha, Decoding, Orientation
from zsbench.data.images.items import from_path
from zsbench.data.videos.video import Video, VideoSet

_EXPECTED = "a folder with `<class>/<video>/<frame>` in it"


def _files(options: dict[str, Any]) -> list[str]:
    root = Path(options["path"])
    return [str(p) for _, _, found in _videos(root) for p in found.files] if root.exists() else [str(root)]


def _videos(root: Path) -> list[tuple[Path, Path, Listing]]:
    """Return class folder, folder and frames of every video."""
    classes = subfolders(require_folder(root, _EXPECTED))
    found = [(name, folder, _frames(folder)) for name in classes for folder in subfolders(name)]
    if not found:
        raise UserError(shown(root), "no videos", _EXPECTED)
    return found


def _frames(folder: Path) -> Listing:
    """Return the frames of a video, which must lie in the folder itself."""
    found, inner = files_in(folder, SUFFIXES), subfolders(folder)
    if inner:
        raise UserError(shown(inner[0]), "a folder inside of a video", _EXPECTED)
    if not found.files:
        raise UserError(shown(folder), "a video without frames", f"files {' '.join(sorted(SUFFIXES))}")
    return found


@source(gives="videos", files=_files)
def frame_folders(
    *,
    path: LocalPath,
    orientation: Orientation = "exif",
    alpha: Alpha = "drop",
    max_pixels: Count = MAX_PIXELS,
) -> VideoSet:
    """Read one folder of frames a video; labels follow the sorted names of the class folders.

    Hidden files and folders are ignored, links to folders followed, files that are no images counted.

    Parameters
    ----------
    path : the folder.
    orientation, alpha, max_pixels : as in `imagefolder`.

    Raises
    ------
    UserError
        No such folder, no videos, a video without frames or with folders in it.
    """
    root, decoding = Path(path), Decoding(orientation, alpha, max_pixels)
    found, classes = _videos(root), subfolders(root)
    beside = [files_in(folder, SUFFIXES) for folder in (root, *classes)]
    videos = [_video(f"{name.name}/{folder.name}", in_order(frames.files), decoding) for name, folder, frames in found]
    loose = sum(len(listing.files) for listing in beside)
    counts = {"images that lie in no video's folder": loose} if loose else {}
    others = sum((listing.others for listing in (*beside, *(frames for _, _, frames in found))), Counter[str]())
    counts |= Listing(others=others).counts("images")
    labels = [classes.index(name) for name, _, _ in found]
    return VideoSet(videos, labels, [folder.name.replace("_", " ") for folder in classes], counts)


def in_order(frames: list[Path]) -> list[Path]:
    """Return frames in the order of the numbers in their names, so that `2.jpg` comes before `10.jpg`."""

    def key(frame: Path) -> list[tuple[str, int, str]]:
        parts = re.split(r"([0-9]+)", frame.name)
        return [("", int(part), part) if i % 2 else (part, 0, "") for i, part in enumerate(parts)]

    return sorted(frames, key=key)


def _video(name: str, frames: list[Path], decoding: Decoding) -> Video:
    images = [from_path(frame, shown(frame), decoding) for frame in frames]

    def read(numbers: Sequence[int]) -> list[Any]:
        return [images[i].open() for i in numbers]

    def identity() -> str:
        return digest(image.digest() for image in images)

    def traits() -> list[str]:
        return [trait for image in images for trait in image.traits()]

    return Video(name, partial(len, frames), read, identity, traits=traits)
