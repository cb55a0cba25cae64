"""A folder of frames: pictures in rgb/, depth maps of the same names in depth/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.listing import Listing, files_below
from zsbench.core.yamlio import shown
from zsbench.data.images.imagefiles import SUFFIXES

DEPTH_SUFFIXES = {".png", ".npy", ".tif", ".tiff", ".pgm"}
CAMERA = "intrinsics.json"


def is_frame_folder(folder: Path) -> bool:
    """Return whether a folder holds rgb/ and depth/."""
    return (folder / "rgb").is_dir() and (folder / "depth").is_dir()


def pairs(folder: Path) -> tuple[dict[str, tuple[Path, Path]], dict[str, int]]:
    """Return picture and depth map by name (the path below rgb/ without suffix), and how many had no partner.

    Raises
    ------
    UserError
        rgb/ or depth/ is missing, no name stands in both, or a name stands twice in one.
    """
    if not is_frame_folder(folder):
        expected = "a .jsonl with one frame a line, or a folder with rgb/ and depth/"
        raise UserError(shown(folder), "a folder without rgb/ and depth/", expected, "zsbench show depth-frames")
    rgb, depth = files_below(folder / "rgb", SUFFIXES), files_below(folder / "depth", DEPTH_SUFFIXES)
    pictures, maps = _by_name(rgb, folder / "rgb"), _by_name(depth, folder / "depth")
    both = [name for name in pictures if name in maps]
    if not both:
        first = (next(iter(pictures), "none"), next(iter(maps), "none"))
        problem = f"no name stands in both rgb/ and depth/ (first: '{first[0]}' and '{first[1]}')"
        raise UserError(shown(folder), problem, "rgb/NAME.png beside depth/NAME.png or depth/NAME.npy")
    alone = {
        "images without a depth map": len(pictures) - len(both),
        "depth maps without an image": len(maps) - len(both),
    }
    counts = {what: n for what, n in alone.items() if n} | rgb.counts("images") | depth.counts("depth maps")
    return {name: (pictures[name], maps[name]) for name in both}, counts


def _by_name(listing: Listing, folder: Path) -> dict[str, Path]:
    paths: dict[str, Path] = {}
    for path in listing.files:
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in paths:
            raise UserError(shown(path), f"'{name}' stands twice ({paths[name].name}, {path.name})", "one file a name")
        paths[name] = path
    return paths


def read_cameras(path: Path) -> Any:
    """Return the JSON of a file of intrinsics: [fx, fy, cx, cy] for all frames, or such a list by frame name.

    Raises
    ------
    UserError
        The file is missing or not JSON.
    """
    return jsonfiles.read(path, "[fx, fy, cx, cy], or such a list by name")


def camera_of(name: str, cameras: Any, path: Path) -> Any:
    """Return the intrinsics that a file of them gives for a frame, unchecked.

    Raises
    ------
    UserError
        The file lists frames by name and lacks this one.
    """
    if not isinstance(cameras, dict):
        return cameras
    if name not in cameras:
        raise UserError(shown(path), f"no intrinsics for '{name}'", "[fx, fy, cx, cy]", did_you_mean(name, cameras))
    return cameras[name]
