"""Videos as folders of frames: `<path>/<class>/<video>/<frame>.jpg`, frames in the order of their names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._images import SUFFIXES
from zsbench.data._videos import Video, VideoSet, open_frame
from zsbench.errors import UserError
from zsbench.records import digest, digest_file
from zsbench.yamlio import shown


def _frames(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)


def _files(options: dict[str, Any]) -> list[str]:
    root = Path(options["path"])
    return sorted(str(p) for p in root.glob("*/*/*") if p.suffix.lower() in SUFFIXES) or [str(root)]


@source(gives="videos", files=_files)
def frame_folders(*, path: LocalPath) -> VideoSet:
    """Read one folder of frames a video; labels follow the sorted names of the class folders.

    Parameters
    ----------
    path : the folder.

    Raises
    ------
    UserError
        No such folder, no videos, or a video without frames.
    """
    root = Path(path)
    if not root.is_dir():
        raise UserError(shown(root), "no such folder", "`<class>/<video>/<frame>` in it")
    classes = sorted(p.name for p in root.iterdir() if p.is_dir())
    videos: list[Video] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        for folder in sorted(p for p in (root / name).iterdir() if p.is_dir()):
            frames = _frames(folder)
            if not frames:
                raise UserError(shown(folder), "a video without frames", f"files {' '.join(sorted(SUFFIXES))}")
            videos.append(_video(f"{name}/{folder.name}", frames))
            labels.append(label)
    if not videos:
        raise UserError(shown(root), "no videos", "`<class>/<video>/<frame>`")
    return VideoSet(videos, labels, [name.replace("_", " ") for name in classes])


def _video(name: str, frames: list[Path]) -> Video:
    def read(numbers: Sequence[int]) -> list[Any]:
        return [open_frame(frames[i]) for i in numbers]

    return Video(name, partial(len, frames), read, lambda: digest(digest_file(frame) for frame in frames))
