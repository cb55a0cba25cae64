"""Logits of video views in one .npz: `view_logits` (n_videos, n_views, n_classes) and `labels` (n_videos,)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zsbench import arrays
from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._videos import Video, VideoSet
from zsbench.errors import UserError
from zsbench.lazy import lazy
from zsbench.records import digest
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")


@source(gives="videos", files=lambda options: [options["path"]])
def view_logits(*, path: LocalPath) -> VideoSet:
    """Read the arrays; `class_names` (n_classes,) may stand beside them.

    Parameters
    ----------
    path : the file.
    """
    file = Path(path)
    held = arrays.read(file)
    logits, labels = arrays.pick(held, "view_logits", file), arrays.pick(held, "labels", file)
    names = arrays.texts(held["class_names"], f"{shown(file)}: class_names") if "class_names" in held else None
    if logits.ndim != 3 or labels.shape != logits.shape[:1]:
        found = f"view_logits {logits.shape}, labels {labels.shape}"
        raise UserError(shown(file), found, "(n_videos, n_views, n_classes) and (n_videos,)")
    if not np.isfinite(logits).all():
        raise UserError(shown(file), "logits that are NaN or infinite")
    videos = [
        Video(f"{i:06d}", lambda: 1, lambda _numbers: [], lambda own=own: digest([own.tobytes()]), own)  # type: ignore[misc]
        for i, own in enumerate(np.asarray(logits, dtype=np.float32))
    ]
    return VideoSet(videos, [int(label) for label in labels], names or [f"class {i}" for i in range(logits.shape[2])])
