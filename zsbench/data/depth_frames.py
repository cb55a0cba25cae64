"""RGB, depth and intrinsics listed in a JSONL file, one frame a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench import jsonfiles
from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._frames import DepthFile, Frame, FrameSet, Intrinsics
from zsbench.errors import UserError
from zsbench.yamlio import shown


def _files(options: dict[str, Any]) -> list[str]:
    path = Path(options["path"])
    if not path.is_file():
        return [str(path)]
    rows = [row for _, row in jsonfiles.lines(path, {"rgb": str, "depth": str})]
    return [str(path), *(str(path.parent / row[key]) for row in rows for key in ("rgb", "depth"))]


@source(gives="frames", files=_files)
def depth_frames(*, path: LocalPath) -> FrameSet:
    """Read frames: {"rgb", "depth", "depth_scale", "intrinsics" or "cam_in": [fx, fy, cx, cy], "id"}.

    Parameters
    ----------
    path : the JSONL file; paths in it start at its folder. Depth is value / depth_scale metres, 0 is invalid.

    Raises
    ------
    UserError
        With file and line: a key is missing or malformed, an image does not exist.
    """
    file = Path(path)
    items: list[Frame] = []
    depth: list[DepthFile] = []
    for number, row in jsonfiles.lines(file, {"rgb": str, "depth": str}):
        where = f"{shown(file)}:{number}"
        for key in ("rgb", "depth"):
            if not (file.parent / row[key]).is_file():
                raise UserError(where, f"key '{key}': no such file '{row[key]}'")
        scale = row.get("depth_scale", 1.0)
        if not isinstance(scale, (int, float)) or scale <= 0:
            raise UserError(where, f"key 'depth_scale' is {scale!r}", "a positive number (value / scale = metres)")
        items.append(Frame(str(row.get("id", row["rgb"])), file.parent / row["rgb"], _camera(row, where)))
        depth.append(DepthFile(file.parent / row["depth"], float(scale)))
    return FrameSet(items, depth)


def _camera(row: dict[str, Any], where: str) -> Intrinsics | None:
    value = row.get("intrinsics", row.get("cam_in"))
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4 or not all(isinstance(v, (int, float)) and v > 0 for v in value):
        raise UserError(where, f"intrinsics {value!r}", "[fx, fy, cx, cy] in pixels, all positive")
    fx, fy, cx, cy = map(float, value)
    return fx, fy, cx, cy
