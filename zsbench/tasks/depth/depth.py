"""Monocular depth: a map in metres for every image, compared at the valid pixels of the ground truth.

Predictions: `.npz` with one float32 array (height, width) a frame, named by its id; `zsbench score` also takes a
folder of `<id>.npy` (metres) or 16-bit `<id>.png` (millimetres).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar

from annotated_types import MinLen
from pydantic import BeforeValidator

from zsbench.config.blocks import Block, Chain
from zsbench.config.options import Positive, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.drawing import Drawing, Map, Picture
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import np
from zsbench.core.records import Score, TaskData, digest, digest_file
from zsbench.data.clusters import taken
from zsbench.data.frames.frames import DepthFile, Frame, FrameSet
from zsbench.data.images.items import count_traits
from zsbench.methods.depth import DepthRule
from zsbench.metrics.depth.depth import Compared
from zsbench.tasks.base import BaseTask, require_unique, sample
from zsbench.tasks.depth import _protocols as protocols
from zsbench.tasks.depth._oddities import Oddities
from zsbench.tasks.depth._outputs import misaligned, misfit
from zsbench.tasks.depth._protocols import Align, Crop, ProtocolName
from zsbench.tasks.formats.depth_maps import DepthMaps
from zsbench.tasks.formats.maps import StoredMap

# A freed array of this size makes glibc keep memory of smaller ones, which it would otherwise ask for page by page.
_KEPT = 3_900_000


def _chain(crop: Any) -> Any:
    """Read `kb+kitti_garg` as a chain, as methods are chained."""
    return crop.split("+") if isinstance(crop, str) and "+" in crop else crop


class Config(TaskConfig):
    """Keys of a `type: depth` task.

    `protocol`: which pixels are valid, clamping, resizing. `align`: how a prediction is fitted to the truth.
    `crop`: one crop, or a chain of them (`kb+kitti_garg` or a list), each taken of what the one before it left. Depths
    outside `min_depth` to `max_depth` metres are not scored. `prediction_scale`: what a predicted `.png` counts in a
    metre (1000 where millimetres, 256 as KITTI's server wants it).
    """

    method: Any = "predicted-depth"
    metrics: Texts = ["AbsRel", "RMSE", "log10", "delta@1"]
    protocol: ProtocolName = "metric3d"
    align: Align = "none"
    crop: Annotated[Crop | Annotated[list[Crop], MinLen(1)], BeforeValidator(_chain)] = "none"
    min_depth: Positive = 1e-3
    max_depth: Positive = 80.0
    prediction_scale: Positive = 1000.0

    @property
    def crops(self) -> list[Crop]:
        """Return the crops in order."""
        return [self.crop] if isinstance(self.crop, str) else self.crop

    @property
    def bounds(self) -> tuple[float, float]:
        """Return min_depth and max_depth."""
        return self.min_depth, self.max_depth


class Task(BaseTask[Config]):
    """Frames; gold is a depth file."""

    family: ClassVar[str] = "depth"
    gives: ClassVar[str] = "frames"
    gold: ClassVar[tuple[str, str]] = ("depth-frames", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("depth",)
    shard_size: ClassVar[int] = 16
    unit: ClassVar[str] = "scene"

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.format = DepthMaps(config.prediction_scale)
        self._truth: dict[str, DepthFile] = {}
        self._oddities = Oddities()
        if config.min_depth >= config.max_depth:
            raise UserError(source.where, f"min_depth {config.min_depth} >= max_depth {config.max_depth}")

    def protocol(self, *, given: bool = False) -> str:
        """Return protocol, alignment, crop and depth range."""
        config = self.config
        crop = "" if config.crop == "none" else f", crop {'+'.join(config.crops)}"
        return f"{config.protocol}, align {config.align}{crop}, {config.min_depth:g}-{config.max_depth:g} m"

    def misfit(self, method: Chain, model: Block) -> tuple[str, str]:
        """Say which output of a model the method or the alignment cannot use, and what would fit."""
        return misfit(method, model, self.config.align)

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the list of frames; images and maps are read when needed.

        Raises
        ------
        UserError
            A ground truth is no depth map, or no pixel of any of them can be scored: found before the first pass.
        """
        frames: FrameSet = self.source.build()
        require_unique(frames.items, self.source.where)
        keep = sample(len(frames.items), limit, seed)
        items, depth = [frames.items[i] for i in keep], [frames.depth[i] for i in keep]
        rows = [
            f"{f.id}:{f.intrinsics}:{f.digest()}:{digest_file(d.path)}:{d.scale}"
            for f, d in zip(items, depth, strict=True)
        ]
        self._truth = {frame.id: file for frame, file in zip(items, depth, strict=True)}
        self._require_pixels(items, depth)
        blind = sum(frame.intrinsics is None for frame in items)
        counts = {**frames.counts, **({"frames without intrinsics": blind} if blind else {})}
        clusters = taken(frames.clusters, keep, len(frames.items))
        return TaskData(items, depth, None, digest(rows), counts | count_traits(items), clusters=clusters)

    def _require_pixels(self, items: Sequence[Frame], depth: Sequence[DepthFile]) -> None:
        """Refuse ground truth of which nothing is scored; all files are opened, few are read."""
        for frame, file in zip(items, depth, strict=True):
            self._require_crop(frame, file.shape)
        if any(self._valid(file.metres()).any() for file in depth):
            return
        measured = depth[0].metres()
        measured = measured[np.isfinite(measured) & (measured > 0)]
        middle = float(np.median(measured)) if measured.size else 0.0
        least, most = self.config.bounds
        fits = [depth[0].scale * factor for factor in (1000, 256, 100) if least < middle / factor < most]
        hint = f"`depth_scale: {fits[0]:g}`?" if fits else ""
        problem = f"no valid pixel in any of {len(items)} frames (median depth of the first: {middle:g} m)"
        raise UserError(self.source.where, problem, f"depths of {least:g} to {most:g} m", hint)

    def _require_crop(self, frame: Frame, shape: tuple[int, int]) -> None:
        try:
            protocols.crop_window(self.config.crops, shape)
        except ValueError as error:
            raise UserError(self.source.where, f"frame {frame.id}: {error}") from None

    def _valid(self, gt: Any) -> Any:
        config = self.config
        return protocols.valid_mask(gt, protocol=config.protocol, crops=config.crops, bounds=config.bounds)

    def predict(self, rule: DepthRule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield a float32 map (height, width) for each frame."""
        problem, expected = misaligned(getattr(model, "output", ""), self.config.align)
        if problem:
            raise UserError(self.source.where, problem, expected)
        size = 8 if run.batch_size == "auto" else int(run.batch_size)
        for start in range(todo.start, todo.stop, size):
            batch = data.items[start : min(start + size, todo.stop)]
            for depth in rule(model, batch):
                yield np.asarray(depth, dtype=np.float32)
            run.progress(start + len(batch))

    def check(self, item: Frame, prediction: Any) -> str:
        """Say whether a map has a shape that cannot be its frame's, or is NaN or infinite where it is scored.

        A map that lies in a file is not read for that: `chunks` does, once, and says it then.
        """
        problem = protocols.shape_problem(np.shape(prediction), self._truth[item.id].shape, self.config.crops)
        if not problem and not isinstance(prediction, StoredMap) and not np.isfinite(prediction).all():
            try:
                self._compared(item, prediction)
            except ValueError as error:
                problem = str(error)
        return f"frame {item.id}: {problem}" if problem else ""

    def _compared(self, frame: Frame, prediction: Any) -> tuple[Any, Any]:
        """Return (p, g) at the valid pixels, aligned and clamped as the protocol has it."""
        config, gt = self.config, self._truth[frame.id].metres()
        mask = self._valid(gt)
        g = np.asarray(gt[mask], dtype=np.float64)
        prediction = protocols.whole(np.asarray(prediction), mask.shape, config.crops)
        p = protocols.scored_pixels(prediction, mask, protocol=config.protocol, bounds=config.bounds)
        aligned = protocols.align(config.align, p, g, bounds=config.bounds) if len(p) else p
        compared = protocols.clamp(aligned, protocol=config.protocol, bounds=config.bounds)
        self._oddities.add(np.shape(prediction), gt.shape, p, compared, g)
        return compared, g

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield the compared pixels, one frame at a time: full-size maps of a data set do not fit in memory."""
        self._oddities = Oddities()
        np.empty(_KEPT)
        for frame, prediction in zip(data.items, predictions, strict=True):
            try:
                p, g = self._compared(frame, np.asarray(prediction))
            except ValueError as error:
                if isinstance(prediction, StoredMap):
                    raise UserError(prediction.where, f"frame {frame.id}: {error}") from None
                raise RunError(f"frame {frame.id}", str(error)) from None
            yield [Compared(p, g)], [g]
        data.counts.update(self._oddities.counts())

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say that predictions look like another unit than metres; an alignment makes any unit good."""
        return self._oddities.doubt() if self.config.align == "none" else ""

    def draw(self, item: Frame, gold: DepthFile, prediction: Any, data: TaskData) -> Drawing:
        """Show the frame, its true depth, the depth that is compared with it, and where the two differ."""
        truth = gold.metres()
        mask = self._valid(truth)
        compared, g = self._compared(item, np.asarray(prediction))
        low, high = (float(end) for end in np.percentile(g, [2, 98])) if g.size else self.config.bounds
        error = np.abs(compared - g) / g
        share = float(error.mean()) if g.size else float("nan")

        def at_pixels(values: Any) -> Any:
            whole = np.full(mask.shape, np.nan)
            whole[mask] = values
            return whole

        return Drawing(
            [
                Picture("Image", lambda: _picture(item)),
                Map("True depth", lambda: at_pixels(g), low, high, "m"),
                Map("Predicted depth, as compared", lambda: at_pixels(compared), low, high, "m", of_prediction=True),
                Map("Error as a share of depth", lambda: at_pixels(error), 0.0, 0.5, of_prediction=True, tone="error"),
            ],
            gold=f"{low:.2f} – {high:.2f} m",
            answer=f"off by {100 * share:.1f} %" if g.size else "no pixel to compare",
        )


def _picture(frame: Frame) -> Any:
    from PIL import Image

    return Image.fromarray(frame.rgb())
