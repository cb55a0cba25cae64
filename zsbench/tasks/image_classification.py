"""Zero-shot image classification: one label an image, scores for every class.

Predictions: parquet with columns `id` and `scores` (one list of n_classes floats an image).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from zsbench import files
from zsbench.config import Block, TaskConfig
from zsbench.data._images import ImageItem, ImageSet, check_labels
from zsbench.errors import UserError
from zsbench.lazy import lazy
from zsbench.methods.classification import Problem, Rule
from zsbench.records import RunContext, TaskData, digest
from zsbench.tasks._base import read_names, require_unique, sample
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")


class Config(TaskConfig):
    """Keys of a `type: image-classification` task."""

    method: Any = "prompt-ensemble"
    metrics: list[str] = ["acc@1", "acc@5", "mean-per-class"]
    templates: list[str] = Field(default=["a photo of a {}."], min_length=1)
    classes: list[str] | str | None = None
    logit_scale: float = Field(default=100.0, gt=0)


class Task:
    """Images; gold is the 0-based label."""

    family: ClassVar[str] = "classification"
    gives: ClassVar[str] = "images"
    metric_kinds: ClassVar[tuple[str, ...]] = ("classification",)
    suffix: ClassVar[str] = ".parquet"
    shard_size: ClassVar[int] = 2048
    absent: ClassVar[Any] = None

    def __init__(self, config: Config, source: Block) -> None:
        self.config, self.source = config, source
        for template in config.templates:
            if "{}" not in template and "{c}" not in template:
                raise UserError(
                    source.where, f"template '{template}' has no place for the class", "`{}` or `{c}` in it"
                )

    def files(self) -> list[str]:
        """Return the data's files."""
        return self.source.files()

    def protocol(self) -> str:
        """Return the number of templates: one and many are different rows."""
        n = len(self.config.templates)
        return f"{n} template{'s' * (n > 1)}"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:  # noqa: ARG002
        """Read images (not their pixels), labels and class names."""
        images: ImageSet = self.source.build()
        names = read_names(self.config.classes, self.source.base, self.source.where) or images.class_names
        if names is None:
            raise UserError(
                self.source.where, "neither data nor task name the classes", "`classes:` in the task's YAML"
            )
        require_unique(images.items, self.source.where)
        check_labels(images, len(names), self.source.where)
        keep = sample(len(images.items), limit, seed)
        items, labels = [images.items[i] for i in keep], [images.labels[i] for i in keep]
        repeated = len(names) - len(set(names))
        return TaskData(
            items=items,
            gold=labels,
            context=Problem(names, self.config.templates, self.config.logit_scale),
            fingerprint=digest([*names, *(f"{i.id}:{i.digest()}:{y}" for i, y in zip(items, labels, strict=True))]),
            counts={"repeated class names": repeated} if repeated else {},
        )

    def predict(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the scores (n_classes,) of each image."""
        from zsbench.methods.classification._features import Features

        features = Features(model, run, data.items)
        score = rule(features, data.context)
        for start, batch in features.batches(todo):
            yield from np.asarray(score(batch), dtype=np.float32)
            run.progress(start + len(batch.items))

    def check(self, item: ImageItem, prediction: Any) -> str:
        """Say whether a score is NaN."""
        return f"image {item.id}: a score is NaN" if np.isnan(prediction).any() else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_images, n_classes) and labels (n_images,)."""
        n_classes = len(data.context.class_names)
        for item, row in zip(data.items, predictions, strict=True):
            if len(row) != n_classes:
                raise UserError("", f"image {item.id}: {len(row)} scores", f"one for each of {n_classes} classes")
        yield np.stack(predictions), np.asarray(data.gold)

    def write(self, path: Path, items: Sequence[ImageItem], predictions: Sequence[Any]) -> None:
        """Write parquet with `id` and `scores`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        scores = pa.array([np.asarray(row, dtype=np.float32) for row in predictions], pa.list_(pa.float32()))
        with files.replacing(path) as temporary:
            pq.write_table(pa.table({"id": [item.id for item in items], "scores": scores}), temporary)

    def read(self, path: Path, items: Sequence[ImageItem]) -> dict[str, Any]:  # noqa: ARG002 - one signature for all
        """Read parquet with `id` and `scores`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path, columns=["id", "scores"])
        except (pa.ArrowInvalid, KeyError) as error:
            raise UserError(
                shown(path), f"not a predictions file ({error})", "parquet with `id` and `scores`"
            ) from None
        rows = zip(table.column("id").to_pylist(), table.column("scores").to_pylist(), strict=True)
        return {key: np.asarray(row, dtype=np.float32) for key, row in rows}

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read parquet with images and labels."""
        return {"source": "parquet-images", "path": path}

    def preview(self, prediction: Any) -> str:
        """Return the number of the best class."""
        return str(int(np.argmax(prediction)))
