"""Video files `<path>/<class>/<video>.mp4|avi|mkv|webm|mov`, decoded by PyAV (extra `video`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath
from zsbench.core import textfiles
from zsbench.core.errors import RunError, UserError
from zsbench.core.listing import Listing, files_below, files_in, require_folder, subfolders
from zsbench.core.records import digest_file
from zsbench.core.yamlio import shown
from zsbench.data.images.imagefiles import Orientation
from zsbench.data.videos.video import Video, VideoSet

SUFFIXES = {".mp4", ".avi", ".mkv", ".webm", ".mov"}
TURNED = "videos turned as they are to be shown"
NOT_TURNED = "videos left as stored against how they are to be shown"
_EXPECTED = f"a folder with `<class>/<video>` in it, {' '.join(sorted(SUFFIXES))}"


def _files(options: dict[str, Any]) -> list[str]:
    listed, root = [options["only"]] if options.get("only") else [], Path(options["path"])
    return listed + ([str(path) for path in _videos(root).files] if root.exists() else [str(root)])


def _videos(root: Path) -> Listing:
    """Return the videos of all class folders; videos beside these folders count among the other files."""
    every = [files_below(folder, SUFFIXES) for folder in subfolders(require_folder(root, _EXPECTED))]
    beside = files_in(root, SUFFIXES)
    others = sum((found.others for found in every), beside.others)
    others += Counter(path.suffix.lower() for path in beside.files)
    videos = [path for found in every for path in found.files]
    if not videos:
        raise UserError(shown(root), "no videos", _EXPECTED)
    return Listing(videos, others)


@source(gives="videos", files=_files)
@companions(("only_their_classes", "only"))
def video_files(
    *,
    path: LocalPath,
    only: LocalPath | None = None,
    only_their_classes: bool = False,
    orientation: Orientation = "exif",
) -> VideoSet:
    """Read one file a video; labels follow the sorted names of the class folders.

    Parameters
    ----------
    path : the folder.
    only : text file that lists the videos of a split, one a line: `<class>/<file>` or `<file>`; what follows after a
        blank is ignored, as in UCF-101's lists.
    only_their_classes : a list also chooses the classes: those without a listed video are no choice.
    orientation : `exif` turns frames as the file says that they are to be shown, `stored` leaves them; counted.

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
    listing = _videos(root)
    found, counts = listing.files, listing.counts("videos of a class")
    classes = sorted({_class(p, root) for p in found})
    if only is not None:
        names = [textfiles.words(line)[0] for _, line in textfiles.lines(Path(only)) if line.strip()]
        found = _chosen(names, found, root, shown(Path(only)))
        classes = sorted({_class(p, root) for p in found}) if only_their_classes else classes
    names = [p.relative_to(root).with_suffix("").as_posix() for p in found]
    videos = [
        Video(
            name,
            partial(_length, p),
            partial(_decode, p, orientation),
            partial(digest_file, p),
            traits=partial(_traits, p, orientation),
        )
        for name, p in zip(names, found, strict=True)
    ]
    labels = [classes.index(_class(p, root)) for p in found]
    return VideoSet(videos, labels, [n.replace("_", " ") for n in classes], counts)


def _class(path: Path, root: Path) -> str:
    return path.relative_to(root).parts[0]


def _chosen(names: list[str], found: list[Path], root: Path, where: str) -> list[Path]:
    """Return the videos of a list, each named from the root on or by the file's name alone."""
    known: dict[str, list[Path]] = {}
    for path in found:
        for key in {path.name, path.relative_to(root).as_posix()}:
            known.setdefault(key, []).append(path)
    for name in names:
        if len(known.get(name, [])) != 1:
            problem = f"lists '{name}'" + (", a name that several classes have" if name in known else "")
            raise UserError(where, problem, f"a video of {shown(root)}")
    return [known[name][0] for name in names]


@lru_cache(maxsize=100_000)
def _length(path: Path) -> int:
    """Return the number of frames by counting packets: headers of many data sets lie."""
    import av

    try:
        with av.open(str(path)) as container:
            return sum(packet.dts is not None for packet in container.demux(video=0))
    except Exception as error:
        # Decoders raise exceptions of many kinds.
        raise RunError(shown(path), f"cannot be decoded as a video ({error})") from None


def _traits(path: Path, orientation: Orientation) -> list[str]:
    """Return the count that a video belongs to whose frames are not stored as they are to be shown."""
    import av

    try:
        with av.open(str(path)) as container:
            turned = bool(_rotation(next(container.decode(video=0))))
    except Exception:
        # Decoding it says what is wrong.
        return []
    return [TURNED if orientation == "exif" else NOT_TURNED] if turned else []


def _rotation(frame: Any) -> int:
    """Return the quarter turns, counterclockwise, that a frame's display matrix asks for."""
    return round(getattr(frame, "rotation", 0) / 90) % 4


def _image(frame: Any, orientation: Orientation) -> Any:
    turns = _rotation(frame) if orientation == "exif" else 0
    image = frame.to_image()
    return image.rotate(90 * turns, expand=True) if turns else image


def _decode(path: Path, orientation: Orientation, numbers: Sequence[int]) -> list[Any]:
    """Return the frames of the given numbers; where the file ends early, its last frame stands in."""
    import av

    wanted, kept, last = set(numbers), {}, None
    try:
        with av.open(str(path)) as container:
            for i, frame in enumerate(container.decode(video=0)):
                last = frame
                if i in wanted:
                    kept[i] = _image(frame, orientation)
                if len(kept) == len(wanted):
                    break
    except Exception as error:
        # Decoders raise exceptions of many kinds.
        raise RunError(shown(path), f"cannot be decoded as a video ({error})") from None
    if last is None:
        raise RunError(shown(path), "has no frames")
    return [kept[i] if i in kept else _image(last, orientation) for i in numbers]
