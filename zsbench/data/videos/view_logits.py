"""Logits of video views in one .npz: `view_logits` (n_videos, n_views, n_classes) and `labels` (n_videos,)."""

from __future__ import annotations

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
from zsbench.data.label_arrays import optional_texts, place, single_labels
from zsbench.data.label_columns import Unlabelled
from zsbench.data.videos.video import Video, VideoSet


@source(gives="videos")
def view_logits(*, path: LocalPath, cluster: Text | None = None, unlabelled: Unlabelled = "error") -> VideoSet:
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
        An array is missing or of another shape, logits that are not finite, labels that are names without
        `class_names`.
    """
    file = Path(path)
    held = arrays.read(file)
    logits, labels = arrays.pick(held, "view_logits", file), arrays.pick(held, "labels", file)
    names = optional_texts(held, file)
    if logits.ndim != 3 or labels.shape[:1] != logits.shape[:1]:
        found = f"view_logits {logits.shape}, labels {labels.shape}"
        raise UserError(shown(file), found, "(n_videos, n_views, n_classes) and (n_videos,)")
    if not np.isfinite(logits).all():
        raise UserError(shown(file), "logits that are NaN or infinite")
    if names is not None and len(names) != logits.shape[2]:
        raise UserError(
            place(file, "class_names"), f"{len(names)} names", f"{logits.shape[2]}, one a column of `view_logits`"
        )
    column = single_labels(held, len(logits), file, unlabelled=unlabelled, names=names)
    if column.names is not None and names is None:
        found = "names of classes, of which nothing says which column of `view_logits` is whose"
        raise UserError(place(file, "labels"), found, "numbers of columns, or an array 'class_names'")
    videos = [_video(f"{i:06d}", np.asarray(logits[i], dtype=np.float32)) for i in column.kept]
    names = names or [f"class {i}" for i in range(logits.shape[2])]
    recordings = clusters.taken(clusters.of_array(held, cluster, len(logits), file), column.kept, len(logits))
    return VideoSet(videos, column.labels, names, column.counts, recordings)


def _video(name: str, logits: Any) -> Video:
    return Video(name, lambda: 1, lambda _numbers: [], lambda: digest([logits.tobytes()]), logits)
