"""Predicted depth maps as files: what `eval` writes, and what `score` takes."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Any

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.lazy import NDArray, np
from zsbench.core.yamlio import shown
from zsbench.data.frames.frames import DepthFile, require_numbers

# What the first array of a file of maps in progress starts with; an `.npz` starts with zip's own bytes.
_NPY = b"\x93NUMPY"


class StoredMap:
    """A map that stays in its file: it is read whenever an array is made of it, so that maps are never all in memory.

    Attributes
    ----------
    where : the file, for messages.
    shape : of the map, known from its head.
    """

    def __init__(self, where: str, shape: tuple[int, ...], load: Callable[[], NDArray[Any]]) -> None:
        self.where, self.shape, self._load = where, shape, load

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Read the map.

        Raises
        ------
        UserError
            The file is damaged behind its head, or gone.
        """
        return self._load() if dtype is None else self._load().astype(dtype, copy=False)


def write(ids: Sequence[str], maps: Sequence[Any], path: Path) -> None:
    """Write `.npz`, one float32 array a frame, with fixed time stamps so that equal maps give equal bytes."""
    with files.replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, depth in zip(ids, maps, strict=True):
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as handle:
                np.lib.format.write_array(handle, np.asarray(depth, dtype=np.float32), allow_pickle=False)


def append(ids: Sequence[str], maps: Sequence[Any], path: Path) -> None:
    """Bring a file of maps in progress up to these: only those that it does not hold yet are written.

    The file is a row of `.npy` arrays, the name before each map, uncompressed; `read` understands it. What a kill left
    unfinished at its end is written over.

    Parameters
    ----------
    ids, maps : of all frames so far, in an order that does not change from call to call.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.is_file() else "w+b") as handle:
        whole = list(_in_progress(handle))
        handle.seek(whole[-1][2] if whole else 0)
        handle.truncate()
        for name, depth in list(zip(ids, maps, strict=True))[len(whole) :]:
            np.save(handle, np.asarray(name), allow_pickle=False)
            np.save(handle, np.asarray(depth, dtype=np.float32), allow_pickle=False)
        handle.flush()
        os.fsync(handle.fileno())


def _in_progress(handle: IO[bytes]) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each map of a file in progress, and where it starts and ends; one that was cut off is none."""
    size = os.fstat(handle.fileno()).st_size
    while True:
        try:
            name = str(np.lib.format.read_array(handle, allow_pickle=False))
            start = handle.tell()
            shape, dtype = _head(handle)
        except ValueError:
            return
        end = handle.tell() + math.prod(shape) * dtype.itemsize
        if end > size:
            return
        handle.seek(end)
        yield name, start, end


def _head(handle: IO[bytes]) -> tuple[tuple[int, ...], Any]:
    """Return shape and type of an array, of which a stream holds the `.npy` form, without reading its values."""
    version = np.lib.format.read_magic(handle)
    read_head = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_head(handle)
    return shape, dtype


def read(path: Path, ids: Sequence[str], scale: float = 1000.0) -> dict[str, Any]:
    """Return maps in metres by frame id: a `.npz` of many, one `<id>.npy`, or one 16-bit `<id>.png`, metres x scale.

    The maps stay in the file until they are looked at (`StoredMap`).

    Raises
    ------
    UserError
        Not such a file, a map that holds no numbers or 8 bits a pixel, or a name that fits several frames.
    """
    if path.suffix != ".npz":
        file = DepthFile(path, scale if path.suffix == ".png" else 1.0)
        return {frame_of(path, ids): StoredMap(shown(path), file.shape, file.metres)}
    with _named(path), path.open("rb") as handle:
        if handle.read(len(_NPY)) == _NPY:
            handle.seek(0)
            return {name: _stored(path, name, partial(_opened_at, path, at)) for name, at, _ in _in_progress(handle)}
        members = _archive(path, path.stat().st_mtime_ns).namelist()
    names = {member.removesuffix(".npy"): member for member in members}
    return {name: _stored(path, name, partial(_opened_in, path, member)) for name, member in names.items()}


def _stored(path: Path, name: str, opened: Callable[[], AbstractContextManager[IO[bytes]]]) -> StoredMap:
    """Return a map of which `opened` opens the `.npy` form, having looked at its head."""

    def load() -> NDArray[Any]:
        with _named(path), opened() as handle:
            return np.asarray(np.lib.format.read_array(handle, allow_pickle=False))

    with _named(path), opened() as handle:
        shape, dtype = _head(handle)
    require_numbers(dtype, f"{shown(path)}: '{name}'")
    return StoredMap(shown(path), shape, load)


def _opened_in(path: Path, member: str) -> IO[bytes]:
    return _archive(path, path.stat().st_mtime_ns).open(member)


@contextmanager
def _opened_at(path: Path, start: int) -> Iterator[IO[bytes]]:
    with path.open("rb") as handle:
        handle.seek(start)
        yield handle


# Maps are read in the order of their files, so the list of members of one is read once; a file that changed is opened
# anew.
@lru_cache(maxsize=2)
def _archive(path: Path, _modified: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the file in what numpy, zipfile and zlib raise, which share no exception type."""
    try:
        yield
    except Exception as error:
        raise UserError(shown(path), f"not a predictions file ({error})", ".npz with one map a frame") from None


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
        (len(spelling), name)
        for name, spellings in spelt.items()
        for spelling in spellings
        if parts[-len(spelling) :] == spelling or path.stem == "_".join(spelling)
    ]
    if whole:
        return max(whole, key=lambda fit: fit[0])[1]
    ends = [name for name, spellings in spelt.items() if any(spelling[-1] == path.stem for spelling in spellings)]
    if len(ends) > 1:
        problem = f"'{path.stem}' is the end of {len(ends)} frame ids ('{ends[0]}', '{ends[1]}')"
        example = "_".join(Path(ends[0]).with_suffix("").parts) + path.suffix
        raise UserError(shown(path), problem, f"a file for each, such as {example}")
    return ends[0] if ends else path.stem
