"""Caption selection: in each small group, images choose their caption and captions their image.

Predictions: JSONL, one object a group: `{"id": ..., "similarities": [[...], ...]}`, a row an image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from zsbench.config.options import ClassTemplate, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.drawing import Drawing, Paragraph, Table
from zsbench.core.lazy import np
from zsbench.core.records import TaskData, digest
from zsbench.core.templates import fill_class
from zsbench.data.captions.caption_choices import Group, GroupSet
from zsbench.data.clusters import taken
from zsbench.data.images.items import count_traits
from zsbench.methods.image_text import Matcher
from zsbench.tasks import drawings
from zsbench.tasks.base import BaseTask, require_unique, sample
from zsbench.tasks.formats.similarities import Similarities


class Config(TaskConfig):
    """Keys of a `type: caption-selection` task."""

    method: Any = "dual-encoder"
    metrics: Texts = ["text-score", "image-score", "group-score"]
    template: ClassTemplate = "{}"


class Task(BaseTask[Config]):
    """Groups; the gold pairing is the order of images and captions."""

    family: ClassVar[str] = "image-text"
    gives: ClassVar[str] = "caption-groups"
    gold: ClassVar[tuple[str, str]] = ("caption-choices", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("caption_selection",)
    shard_size: ClassVar[int] = 512
    unit: ClassVar[str] = "image"
    format = Similarities("group", lambda group: (len(group.images), len(group.captions)), ("table", "a row an image"))

    def protocol(self, *, given: bool = False) -> str:
        """Return the template where there is one."""
        return "" if given or self.config.template == "{}" else f"template '{self.config.template}'"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the groups, not the pixels."""
        groups: GroupSet = self.source.build()
        require_unique(groups.items, self.source.where)
        keep = sample(len(groups.items), limit, seed)
        items = [groups.items[i] for i in keep]
        parts = [text for g in items for text in (g.id, *(image.digest() for image in g.images), *g.captions)]
        counts = count_traits(image for group in items for image in group.images)
        clusters = taken(groups.clusters, keep, len(groups.items))
        return TaskData(items, [None] * len(items), None, digest(parts), counts, clusters=clusters)

    def predict(self, rule: Matcher, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the similarities (n_images, n_captions) of each group."""
        from zsbench.tasks.encoding import Features

        groups: Sequence[Group] = data.items
        images = [image for group in groups for image in group.images]
        captions = [fill_class(self.config.template, text) for group in groups for text in group.captions]
        scores = rule(Features(model, run, images), captions, images)
        ends = np.cumsum([[len(group.images), len(group.captions)] for group in groups], axis=0)
        for number in todo:
            n_images, n_captions = len(groups[number].images), len(groups[number].captions)
            image_end, caption_end = ends[number]
            of_images, of_captions = (
                np.arange(image_end - n_images, image_end),
                np.arange(caption_end - n_captions, caption_end),
            )
            yield np.asarray(scores.texts_for(of_images, of_captions))
            run.progress(number + 1)

    def draw(self, item: Group, gold: Any, prediction: Any, data: TaskData) -> Drawing:
        """Show images and captions with the table of their similarities; image i belongs to caption i."""
        values = np.asarray(prediction, dtype=np.float64)
        n_images, n_captions = values.shape
        images = [f"image {i}" for i in range(n_images)]
        pictures = [drawings.image(image, name) for image, name in zip(item.images, images, strict=True)]
        captions = [Paragraph(f"Caption {k}", text) for k, text in enumerate(item.captions)]
        right = [(i, i) for i in range(min(values.shape))]
        heads = [f"caption {k}" for k in range(n_captions)]
        return Drawing(
            [*pictures, *captions, Table("Similarity", images, heads, values.tolist(), right)],
            gold=", ".join(f"{i}: {i}" for i, _ in right),
            answer=", ".join(f"{i}: {k}" for i, k in enumerate(values.argmax(axis=1).tolist())),
            margin=_lead(values),
        )


def _lead(values: Any) -> float | None:
    """Return by how much the best caption leads, at the image where that is least; None where there is one caption."""
    if values.shape[1] < 2:
        return None
    two = np.sort(values, axis=1)[:, -2:]
    return float((two[:, 1] - two[:, 0]).min())
