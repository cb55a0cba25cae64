"""Caption selection: in each small group, images choose their caption and captions their image.

Predictions: JSONL, one object a group: `{"id": ..., "similarities": [[...], ...]}`, a row an image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from zsbench.config.blocks import Block
from zsbench.config.options import ClassTemplate, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.lazy import np
from zsbench.core.records import TaskData, digest
from zsbench.core.templates import fill_class
from zsbench.data.captions.caption_choices import Group
from zsbench.data.images.items import count_traits
from zsbench.methods.image_text import Matcher
from zsbench.tasks.base import require_unique, sample
from zsbench.tasks.formats.similarities import read_similarities, write_similarities


class Config(TaskConfig):
    """Keys of a `type: caption-selection` task."""

    method: Any = "dual-encoder"
    metrics: Texts = ["text-score", "image-score", "group-score"]
    template: ClassTemplate = "{}"


class Task:
    """Groups; the gold pairing is the order of images and captions."""

    family: ClassVar[str] = "image-text"
    gives: ClassVar[str] = "caption-groups"
    metric_kinds: ClassVar[tuple[str, ...]] = ("caption_selection",)
    suffix: ClassVar[str] = ".jsonl"
    shard_size: ClassVar[int] = 512
    absent: ClassVar[Any] = None

    def __init__(self, config: Config, source: Block) -> None:
        self.config, self.source = config, source

    def files(self) -> list[str]:
        """Return the list of groups and its images."""
        return self.source.files()

    def protocol(self, *, given: bool = False) -> str:
        """Return the template where there is one."""
        return "" if given or self.config.template == "{}" else f"template '{self.config.template}'"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:  # noqa: ARG002
        """Read the groups, not the pixels."""
        groups: list[Group] = self.source.build()
        require_unique(groups, self.source.where)
        items = [groups[i] for i in sample(len(groups), limit, seed)]
        parts = [text for g in items for text in (g.id, *(image.digest() for image in g.images), *g.captions)]
        counts = count_traits(image for group in items for image in group.images)
        return TaskData(items, [None] * len(items), None, digest(parts), counts)

    def predict(self, rule: Matcher, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the similarities (n_images, n_captions) of each group."""
        from zsbench.tasks.encoding import Features

        groups: Sequence[Group] = data.items
        images = [image for group in groups for image in group.images]
        captions = [fill_class(self.config.template, text) for group in groups for text in group.captions]
        scores = rule(Features(model, run, images), captions, images)
        ends = np.cumsum([[len(group.images), len(group.captions)] for group in groups], axis=0)
        for number in todo:
            own, texts = (
                np.arange(end - n, end)
                for end, n in zip(ends[number], (len(groups[number].images), len(groups[number].captions)), strict=True)
            )
            yield np.asarray(scores.texts_for(own, texts))
            run.progress(number + 1)

    def check(self, item: Group, prediction: Any) -> str:
        """Say what is wrong with the shape or the values."""
        expected = (len(item.images), len(item.captions))
        if np.shape(prediction) != expected:
            return f"group {item.id}: similarities {np.shape(prediction)}, expected {expected}"
        return f"group {item.id}: a similarity is NaN" if np.isnan(prediction).any() else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all groups at once."""
        yield list(predictions), data.gold

    def write(self, path: Path, items: Sequence[Group], predictions: Sequence[Any]) -> None:
        """Write JSONL."""
        write_similarities(path, items, predictions)

    def read(self, path: Path, items: Sequence[Group]) -> dict[str, Any]:  # noqa: ARG002 - one signature for all
        """Read JSONL."""
        return read_similarities(path, kind="group", shape="table", expected="a row an image")

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read the groups."""
        return {"source": "caption-choices", "path": path}

    def preview(self, prediction: Any) -> str:
        """Return the number of the caption each image chose."""
        return " ".join(str(i) for i in np.asarray(prediction).argmax(axis=1))
