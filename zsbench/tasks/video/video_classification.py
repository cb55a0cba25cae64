"""Zero-shot video classification: frames sampled from each video, logits of its views, fused to one score a class.

A video's score is the sum over its views of the softmax over classes, not the mean of logits.
Predictions: as in image-classification, a table with `id` and `scores` or `label`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar

from annotated_types import MinLen

from zsbench.config.blocks import Block
from zsbench.config.options import ClassTemplate, Count, OneOf, Positive, Text, Texts
from zsbench.core.ahead import ahead
from zsbench.core.context import RunContext
from zsbench.core.doubts import EQUAL_BEST
from zsbench.core.drawing import Drawing, Part, Picture
from zsbench.core.errors import UserError
from zsbench.core.lazy import IntArray, np
from zsbench.core.records import Score, TaskData, digest
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.templates import fill_class
from zsbench.data.class_join import Classes
from zsbench.data.clusters import taken
from zsbench.data.images.items import count_traits
from zsbench.data.videos.video import Video, VideoSet
from zsbench.methods.video import Clips, VideoProblem, VideoRule, frame_numbers, fuse
from zsbench.metrics.labels.gold import Labels
from zsbench.metrics.labels.tails import OF_FREQUENCY
from zsbench.tasks import drawings
from zsbench.tasks.base import BaseTask, require_unique, sample
from zsbench.tasks.classification.classes import NamedClasses
from zsbench.tasks.classification.doubts import count_equal_best, of_classes
from zsbench.tasks.classification.metric_checks import require_suited
from zsbench.tasks.classification.template_sets import files_of_templates, read_templates
from zsbench.tasks.formats.class_scores import ClassScores, stacked
from zsbench.tasks.frequency import Counted

_SHOWN = 8
"""Frames of a video that a report shows at most."""


class Config(NamedClasses, Counted):
    """Keys of a `type: video-classification` task.

    `frames` are taken from each of `clips` passes over a video; `crops` is 1 (centre) or 3 (along the longer side).
    Templates are written as in image-classification; the default is the bare name. `logit_scale` is the factor on
    cosines before the softmax of each view; by default the model's own.
    """

    method: Any = "mean-frames"
    metrics: Texts = ["acc@1", "acc@5"]
    templates: Annotated[list[ClassTemplate], MinLen(1)] | Text = ["{}"]
    logit_scale: Positive | None = None
    frames: Count = 8
    clips: Count = 1
    crops: Annotated[int, OneOf((1, 3))] = 1


class Task(BaseTask[Config]):
    """Videos; gold is the 0-based label."""

    family: ClassVar[str] = "video"
    gives: ClassVar[str] = "videos"
    gold: ClassVar[tuple[str, str]] = ("frame-folders", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("classification", "frequency", "tails")
    shard_size: ClassVar[int] = 64
    unit: ClassVar[str] = "recording"

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.format: ClassScores = ClassScores(noun="video")
        self._counts: IntArray | None = None
        where = config.document.where(("templates",))
        self.templates = read_templates(config.templates, config.folder("templates"), where) or []

    def named_files(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the files of names, counts and templates."""
        return self.config.files_of("frequency") + files_of_templates(self.config)

    def protocol(self, *, given: bool = False) -> str:
        """Return frames, views and templates; logits that come with the data were made with nobody knows which."""
        if given or self.source.name == "view-logits":
            return ""
        config, n = self.config, len(self.templates)
        frames = f"{config.frames} frame{'s' * (config.frames > 1)}"
        return f"{frames}, {config.clips} x {config.crops} views, {n} template{'s' * (n > 1)}"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the list of videos, not their frames."""
        videos: VideoSet = self.source.build()
        classes = self.config.join(videos, self.source)
        names = classes.names
        require_unique(videos.items, self.source.where)
        videos = replace(videos, items=_joined(videos, classes), labels=classes.relabelled(videos.labels))
        there = len(set(videos.labels))
        counts = videos.counts | ({"classes without a video": len(names) - there} if there < len(names) else {})
        keep = sample(len(videos.items), limit, seed)
        items, labels = [videos.items[i] for i in keep], [videos.labels[i] for i in keep]
        prompts = [[fill_class(template, name) for template in self.templates] for name in names]
        parts = [*names, *(f"{v.id}:{v.digest()}:{y}" for v, y in zip(items, labels, strict=True))]
        problem = VideoProblem(names, prompts, self.config.logit_scale)
        self.format.class_names, self._counts = names, self.config.counts_of(names)
        self._check_metrics(labels)
        clusters = taken(videos.clusters, keep, len(videos.items))
        return TaskData(items, labels, problem, digest(parts), counts | count_traits(items), clusters=clusters)

    def predict(self, rule: VideoRule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the fused scores (n_classes,) of each video."""
        expected = getattr(model, "n_frames", self.config.frames)
        if expected != self.config.frames:
            raise UserError(self.source.where, f"{self.config.frames} frames", f"{expected}, which this model takes")
        if self.config.crops > 1 and getattr(model, "single_view", False):
            expected = "`crops: 1`, or a model without `short_side:`"
            raise UserError(self.source.where, f"{self.config.crops} crops of a model's single view", expected)
        if model is not None:
            run.prompts |= {text: None for of_class in data.context.prompts for text in of_class}
        score = rule(model, data.context)
        self.format.kind = ScoreKind("probabilities")
        per_video = self.config.frames * self.config.clips * self.config.crops
        size = max(1, (128 if run.batch_size == "auto" else int(run.batch_size)) // per_video)
        videos = data.items[todo.start : todo.stop]
        with ahead(lambda video: self._clips(video, getattr(model, "prepare", None)), videos) as ready:
            for start in range(0, len(videos), size):
                block = ready[start : start + size]
                yield from fuse(score(block)).astype(np.float32)
                run.progress(todo.start + start + len(block))

    def _clips(self, video: Video, prepare: Any) -> Clips:
        """Decode and prepare the views of one video; a rule without a model gets none."""
        config = self.config
        if prepare is None:
            return Clips(video.id, [], video.logits)
        total = video.length()
        views = []
        for clip in range(config.clips):
            frames = video.frames(frame_numbers(total, config.frames, clip=clip, n_clips=config.clips))
            views += [[prepare(crop(frame, i, config.crops)) for frame in frames] for i in range(config.crops)]
        return Clips(video.id, views)

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say that accuracy is below chance, and which metrics leave no class to be wrong."""
        return of_classes(scores, len(data.context.class_names), data.counts.get(EQUAL_BEST, 0))

    def summary(self, data: TaskData, predictions: Sequence[Any]) -> dict[str, Any]:
        """Count equal best scores."""
        count_equal_best(data, predictions)
        return {}

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_videos, n_classes) and labels."""
        yield stacked(predictions), self._labels(data.gold)

    def _labels(self, gold: Sequence[int]) -> Labels:
        return Labels(np.asarray(gold, dtype=np.int64), counts=self._counts)

    def _check_metrics(self, gold: Sequence[int]) -> None:
        """Refuse metrics of frequency where the task names no counts, before anything is encoded."""
        one = np.zeros((1, len(self.format.class_names)))
        require_suited(self.config, self.config.metrics, self.metric_kinds, one, self._labels(gold[:1]))

    def metric_names(self, names: Sequence[str]) -> list[str]:
        """Return the metrics, with those of frequency where the task names counts."""
        return self.config.with_frequency(names, OF_FREQUENCY, self.metric_kinds)

    def gold_text(self, item: Any, gold: Any, data: TaskData) -> str:
        """Return the name of the video's class."""
        return str(data.context.class_names[gold])

    def draw(self, item: Video, gold: Any, prediction: Any, data: TaskData) -> Drawing:
        """Show the frames that are taken of the video, some of many, beside the classes of the best scores.

        Logits that come with the data have no frames.
        """
        n = self.config.frames * self.config.clips
        shown = range(n) if n <= _SHOWN else [int((place + 0.5) * n / _SHOWN) for place in range(_SHOWN)]
        parts: list[Part] = []
        if item.logits is None:
            parts = [Picture(f"frame {k + 1} of {n}", partial(self._frame, item, k)) for k in shown]
        return drawings.of_classes(parts, prediction, data.context.class_names, [gold])

    def _frame(self, video: Video, k: int) -> Any:
        """Return the k-th of the frames of all clips in the order of time; each clip has one in every part."""
        place, clip = divmod(k, self.config.clips)
        numbers = frame_numbers(video.length(), self.config.frames, clip=clip, n_clips=self.config.clips)
        return video.frames([numbers[place]])[0]


def _joined(videos: VideoSet, classes: Classes) -> list[Video]:
    """Return videos whose given logits, if any, stand in the order of the task's classes.

    Raises
    ------
    UserError
        Logits that lack a class of the task.
    """
    place, n = classes.place, len(classes.names)
    if place is None:
        return list(videos.items)
    found: list[Video] = []
    for video in videos.items:
        if video.logits is not None:
            if sorted(place) != list(range(n)):
                expected = f"logits of all {n} classes of the task"
                raise UserError(f"video {video.id}", f"logits of {len(place)} classes", expected)
            ordered = np.empty_like(video.logits)
            ordered[..., place] = video.logits
            video = replace(video, logits=ordered)
        found.append(video)
    return found


def crop(frame: Any, number: int, n_crops: int) -> Any:
    """Return one of three squares along the longer side of a PIL image, or the image when there is one view."""
    if n_crops == 1:
        return frame
    width, height = frame.size
    side = min(width, height)
    x, y = ((width - side) * number // 2, (height - side) * number // 2)
    return frame.crop((x, y, x + side, y + side))
