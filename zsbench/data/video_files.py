"""Video files `<path>/<class>/<video>.mp4|avi|mkv|webm|mov`, decoded by PyAV (extra `video`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from zsbench import textfiles
from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._videos import Video, VideoSet
from zsbench.errors import RunError, UserError
from zsbench.records import digest_file
from zsbench.yamlio import shown

SUFFIXES = {".mp4", ".avi", ".mkv", ".webm", ".mov"}


def _files(options: dict[str, Any]) -> list[str]:
    listed = [options["only"]] if options.get("only") else []
    return listed + ([str(path) for path in _videos(Path(options["path"]))] or [options["path"]])


def _videos(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("*/*") if path.suffix.lower() in SUFFIXES)


@source(gives="videos", files=_files)
def video_files(*, path: LocalPath, only: LocalPath | None = None, only_their_classes: bool = False) -> VideoSet:
    """Read one file a video; labels follow the sorted names of the class folders.

    Parameters
    ----------
    path : the folder.
    only : text file that lists the videos of a split, one a line: `<class>/<file>` or `<file>`; what follows after a
        blank is ignored, as in UCF-101's lists.
    only_their_classes : a list also chooses the classes: those without a listed video are no choice.

    Raises
    ------
    UserError
        No such folder, no videos, a listed file that is not there, or PyAV is not installed.
    """
    try:
        import av  # noqa: F401 - asked for before hours of work
    except ImportError:
        raise UserError("", "video files need PyAV", "", "pip install 'zsbench[video]'") from None
    root = Path(path)
    found = _videos(root)
    if not found:
        raise UserError(shown(root), "no videos", f"`<class>/<video>` with {' '.join(sorted(SUFFIXES))}")
    classes = sorted({p.parent.name for p in found})
    if only is not None:
        names = [textfiles.words(line)[0] for _, line in textfiles.lines(Path(only)) if line.strip()]
        known = {key: p for p in found for key in (p.name, f"{p.parent.name}/{p.name}")}
        missing = next((name for name in names if name not in known), None)
        if missing is not None:
            raise UserError(shown(Path(only)), f"lists '{missing}'", f"a video of {shown(root)}")
        found = [known[name] for name in names]
        classes = sorted({p.parent.name for p in found}) if only_their_classes else classes
    videos = [
        Video(f"{p.parent.name}/{p.stem}", partial(_length, p), partial(_decode, p), partial(digest_file, p))
        for p in found
    ]
    return VideoSet(videos, [classes.index(p.parent.name) for p in found], [n.replace("_", " ") for n in classes])


@lru_cache(maxsize=100_000)
def _length(path: Path) -> int:
    """Return the number of frames by counting packets: headers of many data sets lie."""
    import av

    try:
        with av.open(str(path)) as container:
            return sum(packet.dts is not None for packet in container.demux(video=0))
    except (av.error.FFmpegError, IndexError) as error:
        raise RunError(shown(path), f"cannot be decoded as a video ({error})") from None


def _decode(path: Path, numbers: Sequence[int]) -> list[Any]:
    """Return the frames of the given numbers; where the file ends early, its last frame stands in."""
    import av

    wanted, kept, last = set(numbers), {}, None
    try:
        with av.open(str(path)) as container:
            for i, frame in enumerate(container.decode(video=0)):
                last = frame
                if i in wanted:
                    kept[i] = frame.to_image()
                if len(kept) == len(wanted):
                    break
    except (av.error.FFmpegError, IndexError) as error:
        raise RunError(shown(path), f"cannot be decoded as a video ({error})") from None
    if last is None:
        raise RunError(shown(path), "has no frames")
    return [kept[i] if i in kept else last.to_image() for i in numbers]
