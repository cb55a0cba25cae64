"""Video files `<path>/<class>/<video>.mp4|avi|mkv|webm|mov`, decoded by PyAV (extra `video`)."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Pattern
from zsbench.core import textfiles
from zsbench.core.errors import UserError
from zsbench.core.listing import Listing, files_below, files_in, require_folder, subfolders
from zsbench.core.records import digest_file
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.images.decoding import Orientation
from zsbench.data.videos import decoding
from zsbench.data.videos.video import Video, VideoSet

SUFFIXES = {".mp4", ".avi", ".mkv", ".webm", ".mov"}
_EXPECTED = f"a folder with `<class>/<video>` in it, {' '.join(sorted(SUFFIXES))}"


def _files(options: dict[str, Any]) -> list[str]:
    lists, root = [options["only"]] if options.get("only") else [], Path(options["path"])
    return lists + ([str(path) for path in _videos(root).files] if root.exists() else [str(root)])


def _videos(root: Path) -> Listing:
    """Return the videos of all class folders; videos beside these folders count among the other files."""
    classes = [files_below(folder, SUFFIXES) for folder in subfolders(require_folder(root, _EXPECTED))]
    beside = files_in(root, SUFFIXES)
    others = sum((listing.others for listing in classes), beside.others)
    others += Counter(path.suffix.lower() for path in beside.files)
    videos = [path for listing in classes for path in listing.files]
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
    cluster: Pattern | None = None,
    orientation: Orientation = "exif",
) -> VideoSet:
    """Read one file a video; labels follow the sorted names of the class folders.

    Parameters
    ----------
    path : the folder.
    only : text file that lists the videos of a split, one a line: `<class>/<file>` or `<file>`; what follows after a
        blank is ignored, as in UCF-101's lists.
    only_their_classes : a list also chooses the classes: those without a listed video are no choice.
    cluster : a regular expression that finds, in `<class>/<file>`, the recording that a video is cut from.
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
    files = {file.relative_to(root).as_posix(): file for file in listing.files}
    names, classes = list(files), sorted({_class(name) for name in files})
    if only is not None:
        names = _listed(Path(only), files, root)
        classes = sorted({_class(name) for name in names}) if only_their_classes else classes
    numbers = {name: number for number, name in enumerate(classes)}
    return VideoSet(
        [_video(name, files[name], orientation) for name in names],
        [numbers[_class(name)] for name in names],
        [name.replace("_", " ") for name in classes],
        listing.counts("videos of a class"),
        clusters.of_paths(names, cluster, shown(root)),
    )


def _class(name: str) -> str:
    return name.split("/")[0]


def _video(name: str, file: Path, orientation: Orientation) -> Video:
    return Video(
        PurePosixPath(name).with_suffix("").as_posix(),
        partial(decoding.n_frames, file),
        partial(decoding.decode, file, orientation),
        partial(digest_file, file),
        traits=partial(decoding.traits, file, orientation),
    )


def _listed(path: Path, files: dict[str, Path], root: Path) -> list[str]:
    """Return the videos of a list, each named from the root on or by the file's name alone."""
    known: dict[str, list[str]] = {}
    for name in files:
        for key in {name, name.rpartition("/")[2]}:
            known.setdefault(key, []).append(name)
    names = [textfiles.words(line)[0] for _, line in textfiles.lines(path) if line.strip()]
    for name in names:
        if len(known.get(name, [])) != 1:
            problem = f"lists '{name}'" + (", a name that several classes have" if name in known else "")
            raise UserError(shown(path), problem, f"a video of {shown(root)}")
    return [known[name][0] for name in names]
