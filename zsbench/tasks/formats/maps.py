"""Predicted depth maps as files: what `eval` writes, and what `score` takes."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.yamlio import shown
from zsbench.data.frames.frames import read_depth, require_numbers


def write(ids: Sequence[str], maps: Sequence[Any], path: Path) -> None:
    """Write `.npz`, one float32 array a frame, with fixed time stamps so that equal maps give equal bytes."""
    with (
        files.replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, depth in zip(ids, maps, strict=True):
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as handle:
                np.lib.format.write_array(handle, np.asarray(depth, dtype=np.float32), allow_pickle=False)


def read(path: Path, ids: Sequence[str], scale: float = 1000.0) -> dict[str, Any]:
    """Return maps in metres by frame id: a `.npz` of many, one `<id>.npy`, or one 16-bit `<id>.png`, metres x scale.

    Raises
    ------
    UserError
        Not such a file, a map that holds no numbers or 8 bits a pixel, or a name that fits several frames.
    """
    if path.suffix != ".npz":
        return {frame_of(path, ids): read_depth(path, scale if path.suffix == ".png" else 1.0)}
    try:
        with np.load(path, allow_pickle=False) as archive:
            maps = {name: np.asarray(archive[name]) for name in archive.files}
    except Exception as error:  # numpy, zipfile and zlib share no exception type
        raise UserError(shown(path), f"not a predictions file ({error})", ".npz with one map a frame") from None
    for name, depth in maps.items():
        require_numbers(depth.dtype, f"{shown(path)}: '{name}'")
    return maps


def frame_of(path: Path, ids: Sequence[str]) -> str:
    """Return the id of the frame that a predicted map's file is named for, or the file's stem where none is.

    An id may be a path (`nyu/rgb/0.png`): `nyu/rgb/0.npy` and `nyu_rgb_0.npy` fit, and `0.npy` where no other id ends
    so.

    Raises
    ------
    UserError
        Several ids end in the file's name.
    """
    parts = (*path.parent.parts, path.stem)
    spelt = {name: {Path(name).parts, Path(name).with_suffix("").parts} for name in ids}
    whole = [
        (len(own), name)
        for name, spellings in spelt.items()
        for own in spellings
        if parts[-len(own) :] == own or path.stem == "_".join(own)
    ]
    if whole:
        return max(whole, key=lambda found: found[0])[1]
    ends = [name for name, spellings in spelt.items() if any(own[-1] == path.stem for own in spellings)]
    if len(ends) > 1:
        found = f"'{path.stem}' is the end of {len(ends)} frame ids ('{ends[0]}', '{ends[1]}')"
        example = "_".join(Path(ends[0]).with_suffix("").parts) + path.suffix
        raise UserError(shown(path), found, f"a file for each, such as {example}")
    return ends[0] if ends else path.stem
