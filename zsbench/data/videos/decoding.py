"""Frames of a video file, decoded by PyAV (extra `video`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from zsbench.core.errors import RunError
from zsbench.core.yamlio import shown
from zsbench.data.images.decoding import Orientation

TURNED = "videos turned as they are to be shown"
NOT_TURNED = "videos left as stored against how they are to be shown"


@contextmanager
def _container(path: Path) -> Iterator[Any]:
    """Yield an open video file; what its decoder raises says which file it is."""
    import av

    try:
        with av.open(str(path)) as container:
            yield container
    except Exception as error:
        # Decoders raise exceptions of many kinds.
        raise RunError(shown(path), f"cannot be decoded as a video ({error})") from None


@lru_cache(maxsize=100_000)
def n_frames(path: Path) -> int:
    """Return the number of frames by counting packets: headers of many data sets lie."""
    with _container(path) as container:
        return sum(packet.dts is not None for packet in container.demux(video=0))


def traits(path: Path, orientation: Orientation) -> list[str]:
    """Return the count that a video belongs to whose frames are not stored as they are to be shown."""
    try:
        with _container(path) as container:
            turned = bool(_rotation(next(container.decode(video=0))))
    except RunError:
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


def decode(path: Path, orientation: Orientation, numbers: Sequence[int]) -> list[Any]:
    """Return the frames of the given numbers; where the file ends early, its last frame stands in."""
    wanted, images, last = set(numbers), {}, None
    with _container(path) as container:
        for i, frame in enumerate(container.decode(video=0)):
            last = frame
            if i in wanted:
                images[i] = _image(frame, orientation)
            if len(images) == len(wanted):
                break
    if last is None:
        raise RunError(shown(path), "has no frames")
    return [images[i] if i in images else _image(last, orientation) for i in numbers]
