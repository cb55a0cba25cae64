"""Counting: each image picks the caption with the right number of what is counted, `There are three ships in ...`.

Predictions: as in image-classification, a table with `id` and `scores` (one a number, from 1 on) or `label` (the
number less one, or the word for it). The result's notes hold the confusion matrix, its rows the true numbers.

Source: Liu et al. 2024 (RemoteCLIP), arXiv:2306.11029, RemoteCount; Radford et al. 2021, arXiv:2103.00020, CLEVRCounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from annotated_types import MinLen

from zsbench.config.blocks import Block
from zsbench.config.options import Blanks, Text, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.doubts import EQUAL_BEST
from zsbench.core.drawing import Drawing
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.records import Score, TaskData, digest
from zsbench.core.templates import fill
from zsbench.data.clusters import taken
from zsbench.data.images.items import ImageSet, count_traits
from zsbench.methods.image_text import Matcher
from zsbench.metrics.labels.gold import Labels
from zsbench.tasks import drawings
from zsbench.tasks.base import BaseTask, require_unique, sample
from zsbench.tasks.classification.doubts import count_equal_best, of_classes
from zsbench.tasks.formats.class_scores import ClassScores, best, stacked

_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


class Config(TaskConfig):
    """Keys of a `type: counting` task.

    In `template`, `{number}` is the number and `{object}` what is counted: the image's group in the data, or `object`
    where the data has no groups. `numbers` says how 1, 2, 3, ... are written. Labels of the data are the numbers.
    """

    method: Any = "dual-encoder"
    metrics: Texts = ["acc@1", "mean-per-class"]
    template: Annotated[str, Blanks("number", "object", needed=("number",))] = (
        "There are {number} {object}s in the image"
    )
    object: Text | None = None
    numbers: Annotated[list[Text], MinLen(2)] = _NUMBERS


@dataclass(frozen=True)
class Captions:
    """All captions, and the row of `numbers` captions that belongs to each image."""

    texts: list[str]
    rows: Any


class Task(BaseTask[Config]):
    """Images with what to count in them; gold is the number less one."""

    family: ClassVar[str] = "image-text"
    gives: ClassVar[str] = "images"
    metric_kinds: ClassVar[tuple[str, ...]] = ("classification", "groups")
    shard_size: ClassVar[int] = 2048
    unit: ClassVar[str] = "image"

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.format = ClassScores(config.numbers, first=1)
        twice = next((name for name in config.numbers if config.numbers.count(name) > 1), None)
        if twice is not None:
            raise UserError(config.document.where(("numbers",)), f"number '{twice}' stands twice", "different numbers")
        if config.object is not None and "{object}" not in config.template:
            found = f"object '{config.object}' without effect: template '{config.template}' does not say it"
            raise UserError(config.document.where(("object",)), found, "`{object}` in the template")

    def protocol(self, *, given: bool = False) -> str:
        """Return the template and the range of numbers."""
        judged = f"{self.config.numbers[0]} to {self.config.numbers[-1]}"
        return judged if given else f"template '{self.config.template}', {judged}"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read images (not their pixels), numbers and what is counted."""
        images: ImageSet = self.source.build()
        counts, objects = self._counts(images), self._objects(images)
        items = [replace(item, id=f"{item.id} {name}") for item, name in zip(images.items, objects, strict=True)]
        require_unique(items, self.source.where)
        keep = sample(len(items), limit, seed)
        # An image stands once for each kind of object in it.
        images_of = [item.id for item in images.items] if images.clusters is None else images.clusters
        clusters = taken(images_of, keep, len(items))
        items, counts, objects = [items[i] for i in keep], [counts[i] for i in keep], [objects[i] for i in keep]
        names, numbers = sorted(set(objects)), self.config.numbers
        texts = [fill(self.config.template, number=n, object=name) for name in names for n in numbers]
        start = {name: i * len(numbers) for i, name in enumerate(names)}
        rows = np.asarray([start[name] for name in objects])[:, None] + np.arange(len(numbers))
        parts = [*texts, *(f"{item.id}:{item.digest()}:{n}" for item, n in zip(items, counts, strict=True))]
        groups = objects if images.groups is not None else None
        left_out = images.counts | count_traits(items)
        gold = [n - 1 for n in counts]
        return TaskData(items, gold, Captions(texts, rows), digest(parts), left_out, groups, clusters)

    def _counts(self, images: ImageSet) -> list[int]:
        """Return the number of every image: the label, or the name of its class where classes have names."""
        names, words = images.class_names, self.config.numbers
        known = {word: number for number, word in enumerate(words, 1)} | {str(n): n for n in range(1, len(words) + 1)}
        counts = []
        for item, label in zip(images.items, images.labels, strict=True):
            written = names[label] if names is not None and isinstance(label, int) else label
            if str(written) not in known:
                expected = f"1 to {len(words)}, or one of `numbers:`"
                raise UserError(self.source.where, f"item '{item.id}' has number {written}", expected)
            counts.append(known[str(written)])
        return counts

    def _objects(self, images: ImageSet) -> list[str]:
        """Return what to count in every image."""
        if images.groups is not None:
            if self.config.object is not None:
                where, found = self.config.document.where(("object",)), f"object '{self.config.object}'"
                raise UserError(where, found, "no `object:`: the data say by `group:` what is counted")
            return list(images.groups)
        if self.config.object is None and "{object}" in self.config.template:
            expected = "a `group:` in the data, or `object:` in the task's YAML"
            raise UserError(self.source.where, "nothing says what is counted", expected)
        return [self.config.object or ""] * len(images.items)

    def predict(self, rule: Matcher, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the scores (n_numbers,) of each image."""
        from zsbench.tasks.encoding import Features

        captions: Captions = data.context
        matched = rule(Features(model, run, data.items), captions.texts, data.items)
        for i in todo:
            yield np.asarray(matched.texts_for(np.asarray([i]), captions.rows[i])[0], dtype=np.float32)
        run.progress(todo.stop)

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say that accuracy is below chance, and which metrics leave no class to be wrong."""
        return of_classes(scores, len(self.config.numbers), data.counts.get(EQUAL_BEST, 0))

    def summary(self, data: TaskData, predictions: Sequence[Any]) -> dict[str, Any]:
        """Return the confusion matrix of all images; equal best scores are counted."""
        count_equal_best(data, predictions)
        n = len(self.config.numbers)
        cells = np.asarray(data.gold, dtype=np.int64) * n + [best(prediction) for prediction in predictions]
        matrix = np.bincount(cells, minlength=n * n).reshape(n, n)
        return {"confusion": {"numbers": self.config.numbers, "true by predicted": matrix.tolist()}}

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_images, n_numbers) and gold."""
        groups = None if data.groups is None else np.unique(data.groups, return_inverse=True)[1]
        yield stacked(predictions), Labels(np.asarray(data.gold, dtype=np.int64), groups=groups)

    def gold_text(self, item: Any, gold: Any, data: TaskData) -> str:
        """Return the number, as it is written."""
        return str(self.config.numbers[gold])

    def draw(self, item: Any, gold: Any, prediction: Any, data: TaskData) -> Drawing:
        """Show the image beside the scores of the numbers."""
        return drawings.of_classes([drawings.image(item)], prediction, self.config.numbers, [gold])

    @classmethod
    def gold_source(cls, path: str) -> dict[str, Any]:
        """Read a table with columns path, label (the number) and group (what is counted)."""
        return {"source": "image-table", "path": path, "group": "group"}
