"""Decoded videos in one .npz: `frames` (n_videos, n_frames, height, width, 3) uint8 and `labels` (n_videos,)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import arrays
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.records import digest
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.label_arrays import optional_texts, single_labels
from zsbench.data.label_columns import Unlabelled
from zsbench.data.videos.video import Video, VideoSet


@source(gives="videos")
def video_arrays(*, path: LocalPath, cluster: Text | None = None, unlabelled: Unlabelled = "error") -> VideoSet:
    """Read the arrays; `class_names` (n_classes,) may stand beside them.

    Parameters
    ----------
    path : the file.
    cluster : name of an array (n_videos,) with the recording that each video is cut from, by default `clusters` where
        there is one.
    unlabelled : what a video without label (-1, NaN) is: an error, or dropped and counted.

    Raises
    ------
    UserError
        An array is missing or of another shape or type, or a label is missing.
    """
    file = Path(path)
    held = arrays.read(file)
    frames, labels = arrays.pick(held, "frames", file), arrays.pick(held, "labels", file)
    names = optional_texts(held, file)
    if frames.ndim != 5 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or labels.shape[:1] != frames.shape[:1]:
        found = f"frames {frames.shape} {frames.dtype}, labels {labels.shape}"
        raise UserError(shown(file), found, "frames (n, n_frames, height, width, 3) uint8 and labels (n,)")
    column = single_labels(held, len(frames), file, unlabelled=unlabelled, names=names)
    videos = [_video(f"{i:06d}", frames[i]) for i in column.kept]
    recordings = clusters.taken(clusters.of_array(held, cluster, len(frames), file), column.kept, len(frames))
    return VideoSet(videos, column.labels, names or column.names, column.counts, recordings)


def _video(name: str, frames: Any) -> Video:
    return Video(name, partial(len, frames), partial(_images, frames), lambda: digest([frames.tobytes()]))


def _images(frames: Any, numbers: Sequence[int]) -> list[Any]:
    from PIL import Image

    return [Image.fromarray(frames[i]) for i in numbers]
