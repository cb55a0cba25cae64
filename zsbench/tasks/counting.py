"""Counting: each image picks the caption with the right number of what is counted, `There are three ships in ...`.

Predictions: as in image-classification, parquet with `id` and `scores` (one a number, from 1 on) or `label` (the
number less one). The result's notes hold the confusion matrix, its rows the true numbers.

Source: Liu et al. 2024 (RemoteCLIP), arXiv:2306.11029, RemoteCount; Radford et al. 2021, arXiv:2103.00020, CLEVRCounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from zsbench.config import Block, TaskConfig
from zsbench.data._images import ImageSet, count_traits
from zsbench.errors import UserError
from zsbench.lazy import lazy
from zsbench.methods.image_text import Matcher
from zsbench.metrics._gold import Labels
from zsbench.records import RunContext, TaskData, digest
from zsbench.tasks import image_classification
from zsbench.tasks._base import require_unique, sample

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")


class Config(TaskConfig):
    """Keys of a `type: counting` task.

    In `template`, `{number}` is the number and `{object}` what is counted: the image's group in the data, or `object`
    where the data has no groups. `numbers` says how 1, 2, 3, ... are written. Labels of the data are the numbers.
    """

    method: Any = "dual-encoder"
    metrics: list[str] = ["acc@1", "mean-per-class"]
    template: str = "There are {number} {object}s in the image"
    object: str | None = None
    numbers: list[str] = Field(
        default=["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], min_length=2
    )


@dataclass(frozen=True)
class Captions:
    """All captions, and the row of `numbers` captions that belongs to each image."""

    texts: list[str]
    rows: Any


class Task:
    """Images with what to count in them; gold is the number less one."""

    family: ClassVar[str] = "image-text"
    gives: ClassVar[str] = "images"
    metric_kinds: ClassVar[tuple[str, ...]] = ("classification", "groups")
    suffix: ClassVar[str] = ".parquet"
    # One shard, so that the confusion matrix in the notes is that of all images.
    shard_size: ClassVar[int] = 1 << 30
    absent: ClassVar[Any] = None

    def __init__(self, config: Config, source: Block) -> None:
        self.config, self.source = config, source
        if "{number}" not in config.template:
            raise UserError(source.where, f"template '{config.template}' has no place for the number", "`{number}`")

    def files(self) -> list[str]:
        """Return the files of the images."""
        return self.source.files()

    def protocol(self, *, given: bool = False) -> str:
        """Return the template and the range of numbers."""
        judged = f"{self.config.numbers[0]} to {self.config.numbers[-1]}"
        return judged if given else f"template '{self.config.template}', {judged}"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:  # noqa: ARG002
        """Read images (not their pixels), numbers and what is counted."""
        images: ImageSet = self.source.build()
        counts, objects = self._counts(images), self._objects(images)
        items = [replace(item, id=f"{item.id} {name}") for item, name in zip(images.items, objects, strict=True)]
        require_unique(items, self.source.where)
        keep = sample(len(items), limit, seed)
        items, counts, objects = [items[i] for i in keep], [counts[i] for i in keep], [objects[i] for i in keep]
        names, numbers = sorted(set(objects)), self.config.numbers
        fill = self.config.template.replace
        texts = [fill("{number}", n).replace("{object}", name) for name in names for n in numbers]
        start = {name: i * len(numbers) for i, name in enumerate(names)}
        rows = np.asarray([start[name] for name in objects])[:, None] + np.arange(len(numbers))
        parts = [*texts, *(f"{item.id}:{item.digest()}:{n}" for item, n in zip(items, counts, strict=True))]
        groups = objects if images.groups is not None else None
        left_out = images.counts | count_traits(items)
        gold = [n - 1 for n in counts]
        return TaskData(items, gold, Captions(texts, rows), digest(parts), left_out, groups)

    def _counts(self, images: ImageSet) -> list[int]:
        """Return the number of every image: the label, or the name of its class where classes have names."""
        names, highest = images.class_names, len(self.config.numbers)
        counts = []
        for item, label in zip(images.items, images.labels, strict=True):
            written = names[label] if names is not None and isinstance(label, int) else label
            if not str(written).isdigit() or not 1 <= int(written) <= highest:
                raise UserError(self.source.where, f"item '{item.id}' has number {written}", f"1 to {highest}")
            counts.append(int(written))
        return counts

    def _objects(self, images: ImageSet) -> list[str]:
        """Return what to count in every image."""
        if images.groups is not None:
            return list(images.groups)
        if self.config.object is None and "{object}" in self.config.template:
            expected = "a `group:` in the data, or `object:` in the task's YAML"
            raise UserError(self.source.where, "nothing says what is counted", expected)
        return [self.config.object or ""] * len(images.items)

    def predict(self, rule: Matcher, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the scores (n_numbers,) of each image."""
        from zsbench.features import Features

        captions: Captions = data.context
        matched = rule(Features(model, run, data.items), captions.texts, data.items)
        rows = [matched.texts_for(np.asarray([i]), captions.rows[i])[0] for i in todo]
        scores = np.asarray(rows, dtype=np.float32)
        n = len(self.config.numbers)
        cells = np.asarray(data.gold)[todo.start : todo.stop] * n + scores.argmax(axis=1)
        matrix = np.bincount(cells, minlength=n * n).reshape(n, n)
        run.notes["confusion"] = {"numbers": self.config.numbers, "true by predicted": matrix.tolist()}
        yield from scores
        run.progress(todo.stop)

    def check(self, item: Any, prediction: Any) -> str:
        """Say whether a score is NaN or their number is wrong."""
        n = len(self.config.numbers)
        if np.ndim(prediction) and len(prediction) != n:
            return f"image {item.id}: {len(prediction)} scores, expected one for each of {n} numbers"
        return f"image {item.id}: a score is NaN" if np.isnan(prediction).any() else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_images, n_numbers) and gold."""
        groups = None if data.groups is None else np.unique(data.groups, return_inverse=True)[1]
        yield np.stack(list(predictions)), Labels(np.asarray(data.gold, dtype=np.int64), groups=groups)

    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Write parquet with `id` and `scores`."""
        image_classification.write_scores(path, items, predictions)

    def read(self, path: Path, items: Sequence[Any]) -> dict[str, Any]:  # noqa: ARG002 - one signature for all
        """Read parquet with `id` and `scores` or `label`."""
        return image_classification.read_scores(path)

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read a table with columns path, label (the number) and group (what is counted)."""
        return {"source": "image-table", "path": path, "group": "group"}

    def preview(self, prediction: Any) -> str:
        """Return the number that is predicted."""
        return str(1 + int(np.argmax(prediction) if np.ndim(prediction) else prediction))
