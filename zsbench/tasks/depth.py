"""Monocular depth: a map in metres for every image, compared at the valid pixels of the ground truth.

Predictions: `.npz` with one float32 array (height, width) a frame, named by its id; `zsbench score` also takes a
folder of `<id>.npy` (metres) or 16-bit `<id>.png` (millimetres).
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from zsbench import files
from zsbench.config import Block, TaskConfig
from zsbench.data._frames import Frame, FrameSet, read_depth
from zsbench.errors import RunError, UserError
from zsbench.lazy import lazy
from zsbench.methods.depth import DepthRule
from zsbench.records import RunContext, TaskData, digest, digest_file
from zsbench.tasks._base import require_unique, sample
from zsbench.tasks._depth_protocols import Align, Crop, ProtocolName, compared_pixels
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")


class Config(TaskConfig):
    """Keys of a `type: depth` task."""

    method: Any = "predicted-depth"
    metrics: list[str] = ["AbsRel", "RMSE", "log10", "delta@1"]
    protocol: ProtocolName = "metric3d"
    align: Align = "none"
    crop: Crop = "none"
    min_depth: float = Field(default=1e-3, gt=0)
    max_depth: float = Field(default=80.0, gt=0)


class Task:
    """Frames; gold is a depth file."""

    family: ClassVar[str] = "depth"
    gives: ClassVar[str] = "frames"
    metric_kinds: ClassVar[tuple[str, ...]] = ("depth",)
    suffix: ClassVar[str] = ".npz"
    shard_size: ClassVar[int] = 16
    absent: ClassVar[Any] = None

    def __init__(self, config: Config, source: Block) -> None:
        self.config, self.source = config, source
        if config.min_depth >= config.max_depth:
            raise UserError(source.where, f"min_depth {config.min_depth} >= max_depth {config.max_depth}")

    def files(self) -> list[str]:
        """Return the list of frames and every file it names."""
        return self.source.files()

    def protocol(self) -> str:
        """Return protocol, alignment, crop and depth range."""
        own = self.config
        crop = "" if own.crop == "none" else f", crop {own.crop}"
        return f"{own.protocol}, align {own.align}{crop}, {own.min_depth:g}-{own.max_depth:g} m"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:  # noqa: ARG002
        """Read the list of frames; images and maps are read when needed."""
        frames: FrameSet = self.source.build()
        require_unique(frames.items, self.source.where)
        keep = sample(len(frames.items), limit, seed)
        items, depth = [frames.items[i] for i in keep], [frames.depth[i] for i in keep]
        rows = [
            f"{f.id}:{f.intrinsics}:{digest_file(f.rgb_path)}:{digest_file(d.path)}:{d.scale}"
            for f, d in zip(items, depth, strict=True)
        ]
        blind = sum(frame.intrinsics is None for frame in items)
        return TaskData(items, depth, None, digest(rows), {"frames without intrinsics": blind} if blind else {})

    def predict(self, rule: DepthRule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield a float32 map (height, width) for each frame."""
        size = 8 if run.batch_size == "auto" else int(run.batch_size)
        for start in range(todo.start, todo.stop, size):
            batch = data.items[start : min(start + size, todo.stop)]
            for depth in rule(model, batch):
                yield np.asarray(depth, dtype=np.float32)
            run.progress(start + len(batch))

    def check(self, item: Frame, prediction: Any) -> str:
        """Say whether a map is not two-dimensional or holds NaN."""
        if np.ndim(prediction) != 2:
            return f"frame {item.id}: shape {np.shape(prediction)}, expected (height, width)"
        bad = int((~np.isfinite(prediction)).sum())
        return f"frame {item.id}: {bad} pixels are NaN or infinite" if bad else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield the compared pixels, one frame at a time: full-size maps of a data set do not fit in memory."""
        own = self.config
        for frame, depth, prediction in zip(data.items, data.gold, predictions, strict=True):
            try:
                p, g = compared_pixels(
                    prediction,
                    depth.metres(),
                    protocol=own.protocol,
                    alignment=own.align,
                    crop=own.crop,
                    min_depth=own.min_depth,
                    max_depth=own.max_depth,
                )
            except ValueError as error:
                raise RunError(f"frame {frame.id}", str(error)) from None
            if (p <= 0).any():
                hint = "protocols zoe and marigold clamp to min_depth"
                raise RunError(f"frame {frame.id}", f"{int((p <= 0).sum())} predicted depths are <= 0", "", hint)
            yield [p], [g]

    def write(self, path: Path, items: Sequence[Frame], predictions: Sequence[Any]) -> None:
        """Write `.npz`, one array a frame, with fixed time stamps so that equal maps give equal bytes."""
        with (
            files.replacing(path) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for item, depth in zip(items, predictions, strict=True):
                entry = zipfile.ZipInfo(f"{item.id}.npy", date_time=(1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(entry, "w") as handle:
                    np.lib.format.write_array(handle, np.asarray(depth, dtype=np.float32), allow_pickle=False)

    def read(self, path: Path, items: Sequence[Frame]) -> dict[str, Any]:
        """Read `.npz`, one `<id>.npy`, or one 16-bit `<id>.png` in millimetres."""
        if path.suffix != ".npz":
            known = {Path(item.id).with_suffix("").as_posix().replace("/", "_"): item.id for item in items}
            name = known.get(path.stem, next((i.id for i in items if Path(i.id).stem == path.stem), path.stem))
            return {name: read_depth(path, 1000.0 if path.suffix == ".png" else 1.0)}
        try:
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise UserError(shown(path), f"not a predictions file ({error})", ".npz with one map a frame") from None

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read a JSONL list of frames."""
        return {"source": "depth-frames", "path": path}

    def preview(self, prediction: Any) -> str:
        """Return the median depth."""
        middle = float(np.median(prediction))
        return f"median {middle:.3f} m" if math.isfinite(middle) else ""
