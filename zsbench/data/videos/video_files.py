"""Video files `<path>/<class>/<video>.mp4|avi|mkv|webm|mov`, decoded by PyAV (extra `video`)."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Natural, Pattern
from zsbench.core.errors import UserError
from zsbench.core.listing import Listing, files_below, files_in, require_folder, subfolders
from zsbench.core.records import digest_file
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.images.decoding import Orientation
from zsbench.data.videos import decoding, file_list
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
@companions(("only_their_classes", "only"), ("only_marked", "only"))
def video_files(
    *,
    path: LocalPath,
    only: LocalPath | None = None,
    only_their_classes: bool = False,
    only_marked: Natural | None = None,
    cluster: Pattern | None = None,
    orientation: Orientation = "exif",
) -> VideoSet:
    """Read one file a video; labels follow the sorted names of the class folders.

    Parameters
    ----------
    path : the folder.
    only : text file that lists the videos of a split, one a line: `<class>/<file>` or `<file>`, blanks and all; a
        number may follow after a blank, the class in UCF-101's lists, a mark in HMDB-51's.
    only_their_classes : a list also chooses the classes: those without a listed video are no choice.
    only_marked : read only the videos with this mark: in HMDB-51's lists 1 is for training, 2 for testing, 0 unused.
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
        names = file_list.read(Path(only), list(files), root, marked=only_marked)
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
