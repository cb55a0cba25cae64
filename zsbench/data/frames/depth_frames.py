"""RGB, depth and intrinsics: listed in a JSONL file, one frame a line, or paired by name in a folder."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from annotated_types import MaxLen, MinLen

from zsbench.config.components import source
from zsbench.config.options import Count, LocalPath, Pattern, Positive
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.file_lists import listed_files
from zsbench.data.frames import _frame_folder
from zsbench.data.frames.frames import DepthFile, Frame, FrameSet, Intrinsics
from zsbench.data.images.decoding import MAX_PIXELS, Alpha, Decoding, Orientation
from zsbench.data.item_ids import read_id

_KEYS = ("rgb", "depth")

Camera = Annotated[list[Positive], MinLen(4), MaxLen(4)]


def _files(options: dict[str, Any]) -> list[str]:
    path, cameras = Path(options["path"]), options.get("intrinsics")
    named = [str(cameras)] if isinstance(cameras, str) else []
    if path.is_dir():
        pairs, _ = _frame_folder.pairs(path)
        named += [str(path / _frame_folder.CAMERA)] if (path / _frame_folder.CAMERA).is_file() else []
        return [*named, *(str(file) for pair in pairs.values() for file in pair)]
    if not path.is_file():
        return [str(path)]
    rows = list(jsonfiles.lines(path, {"rgb": str, "depth": str}))
    listed = ((f"{shown(path)}:{n}: key '{key}'", path.parent / row[key], row[key]) for n, row in rows for key in _KEYS)
    return [*named, str(path), *listed_files(listed, path.parent)]


@source(gives="frames", files=_files)
def depth_frames(
    *,
    path: LocalPath,
    depth_scale: Positive | None = None,
    intrinsics: Camera | LocalPath | None = None,
    cluster: Pattern | None = None,
    orientation: Orientation = "exif",
    alpha: Alpha = "drop",
    max_pixels: Count = MAX_PIXELS,
) -> FrameSet:
    """Read frames: {"rgb", "depth", "depth_scale", "intrinsics" or "cam_in": [fx, fy, cx, cy], "id", "cluster"}.

    Depth is value / depth_scale metres, 0 is no measurement; a `.npy` without depth_scale holds metres.

    Parameters
    ----------
    path : the JSONL file, whose paths start at its folder; or a folder with rgb/ and depth/, where files of one name
        make a frame of that name, and intrinsics.json may hold the cameras.
    depth_scale : of frames that give none: 1000 for millimetres, 256 for KITTI.
    intrinsics : [fx, fy, cx, cy] in pixels of frames that give none, or a JSON file with such a list, or one by name.
    cluster : a regular expression that finds the drive or scene in a frame's `rgb` path (in its name, of a folder), of
        data whose lines have no key `cluster` with it. `'/(.+)/'` takes the folders between the first and the file.
    orientation, alpha, max_pixels : as in `imagefolder`; depth and intrinsics are those of the image as it is shown.

    Raises
    ------
    UserError
        With file and line: a key is missing or malformed, a file does not exist, an image has no depth_scale, or a
        frame no cluster among others that have one.
    """
    decoding = Decoding(orientation, alpha, max_pixels)
    items: list[Frame] = []
    depth: list[DepthFile] = []
    counts: dict[str, int] = {}
    rows = _listed(Path(path))
    if Path(path).is_dir():
        pairs, counts = _frame_folder.pairs(Path(path))
        rows = ((shown(pair[1]), {"id": name}, *pair) for name, pair in pairs.items())
    cameras, cameras_path = _cameras(Path(path), intrinsics)
    named: list[tuple[str, dict[str, Any]]] = []
    for where, row, rgb, map_path in rows:
        name = read_id(row, where, default=str(row.get("rgb", "")))
        camera = _first(row.get("intrinsics"), row.get("cam_in"))
        if camera is None:
            camera = _frame_folder.camera_of(name, cameras, cameras_path)
        named.append((where, {**clusters.named(row, None), "path": str(row.get("rgb", name))}))
        items.append(Frame(name, rgb, _camera(camera, where), decoding))
        depth.append(DepthFile(map_path, _scale(_first(row.get("depth_scale"), depth_scale), map_path, where)))
    of_frames = clusters.of_rows(named, None)
    if of_frames is None:
        of_frames = clusters.of_paths([row["path"] for _, row in named], cluster, shown(Path(path)))
    return FrameSet(items, depth, counts, of_frames)


def _listed(path: Path) -> Iterator[tuple[str, dict[str, Any], Path, Path]]:
    """Yield (where, row, image, depth map) of a JSONL file."""
    if path.is_file():
        _files({"path": str(path)})
    for number, row in jsonfiles.lines(path, {"rgb": str, "depth": str}):
        yield f"{shown(path)}:{number}", row, path.parent / row["rgb"], path.parent / row["depth"]


def _cameras(path: Path, intrinsics: list[float] | str | None) -> tuple[Any, Path]:
    """Return what holds for frames without intrinsics of their own, and the file it comes from."""
    beside = path / _frame_folder.CAMERA
    if isinstance(intrinsics, str) or (intrinsics is None and beside.is_file()):
        file = Path(intrinsics) if isinstance(intrinsics, str) else beside
        return _frame_folder.read_cameras(file), file
    return intrinsics, path


def _first(*values: Any) -> Any:
    """Return the first value that is given: a table written by a program has null where a frame gives none."""
    return next((value for value in values if value is not None), None)


def _scale(value: Any, path: Path, where: str) -> float:
    if value is None:
        if path.suffix == ".npy":
            return 1.0
        expected = "1000 where the image counts millimetres, 256 for KITTI, 1 for whole metres"
        raise UserError(where, "key 'depth_scale' is missing or no number", expected)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise UserError(where, f"key 'depth_scale' is {value!r}", "a positive number (value / scale = metres)")
    return float(value)


def _camera(value: Any, where: str) -> Intrinsics | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4 or not all(map(_is_length, value)):
        raise UserError(where, f"intrinsics {value!r}", "[fx, fy, cx, cy] in pixels, all positive")
    fx, fy, cx, cy = map(float, value)
    return fx, fy, cx, cy


def _is_length(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf
