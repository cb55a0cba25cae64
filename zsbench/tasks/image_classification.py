"""Zero-shot image classification: one label an image (or several), scores for every class.

Predictions: parquet with columns `id` and `scores` (one list of n_classes floats an image), or `id` and `label`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from zsbench import files
from zsbench.config import Block, TaskConfig
from zsbench.data._images import ImageItem, ImageSet, check_labels
from zsbench.errors import UserError
from zsbench.lazy import lazy
from zsbench.methods.classification import Labelled, Problem, Rule
from zsbench.records import RunContext, TaskData, digest
from zsbench.tasks._base import read_names, require_unique, sample
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")


class Config(TaskConfig):
    """Keys of a `type: image-classification` task.

    `support`, `validation` and `unlabeled` are data blocks like `data`, for methods that use them; `shots` keeps
    that many support images a class, drawn with `support_seed`.
    """

    data_keys: ClassVar[tuple[str, ...]] = ("support", "validation", "unlabeled")

    method: Any = "prompt-ensemble"
    metrics: list[str] = ["acc@1", "acc@5", "mean-per-class"]
    templates: list[str] = Field(default=["a photo of a {}."], min_length=1)
    classes: list[str] | str | None = None
    logit_scale: float = Field(default=100.0, gt=0)
    support: Any = None
    shots: int | None = Field(default=None, ge=1)
    support_seed: int = 1
    validation: Any = None
    unlabeled: Any = None


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
        """Return the files of test, support and validation data."""
        blocks = [self.source, *self.config.sources().values()]
        return [path for block in blocks for path in block.files()]

    def protocol(self) -> str:
        """Return the number of templates, and of shots where there are any: different ones are different rows."""
        n, shots = len(self.config.templates), self.config.shots
        few = f", {shots} shot{'s' * (shots > 1)}" if shots else ""
        return f"{n} template{'s' * (n > 1)}{few}"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
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
        problem = Problem(names, self.config.templates, self.config.logit_scale)
        parts = [*names, *(f"{i.id}:{i.digest()}:{y}" for i, y in zip(items, labels, strict=True))]
        if not score_only:
            problem = self._with_further_data(problem)
        repeated = len(names) - len(set(names))
        return TaskData(
            items=items,
            gold=labels,
            context=problem,
            fingerprint=digest(parts),
            counts={"repeated class names": repeated} if repeated else {},
        )

    def _with_further_data(self, problem: Problem) -> Problem:
        """Return the problem with support, validation and unlabeled images where the task names them."""
        sources, n = self.config.sources(), len(problem.class_names)
        found: dict[str, Any] = {}
        for key in ("support", "validation"):
            if key in sources:
                found[key] = labelled(sources[key], n, self.config.shots if key == "support" else None, self.config)
        if "validation" in sources and sources["validation"].described() == self.source.described():
            found["validation"] = replace(found["validation"], split="test")
        if "unlabeled" in sources:
            found["unlabeled"] = sources["unlabeled"].build().items
        return replace(problem, **found)

    def predict(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the scores (n_classes,) of each image, or its label from a rule that gives no scores."""
        from zsbench.features import Features

        features = Features(model, run, data.items)
        classifier = rule(features, data.context, None)
        for start, batch in features.batches(todo):
            scores = np.asarray(classifier.score(batch))
            yield from scores if scores.ndim == 1 else scores.astype(np.float32)
            run.progress(start + len(batch.items))

    def check(self, item: ImageItem, prediction: Any) -> str:
        """Say whether a score is NaN."""
        return f"image {item.id}: a score is NaN" if np.isnan(prediction).any() else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_images, n_classes) or labels (n_images,), and gold: labels, or a 0/1 matrix if several."""
        n_classes = len(data.context.class_names)
        for item, row in zip(data.items, predictions, strict=True):
            if np.ndim(row) and len(row) != n_classes:
                raise UserError("", f"image {item.id}: {len(row)} scores", f"one for each of {n_classes} classes")
        yield np.stack(predictions), gold_array(data.gold, n_classes)

    def write(self, path: Path, items: Sequence[ImageItem], predictions: Sequence[Any]) -> None:
        """Write parquet with `id` and `scores` or `label`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns: dict[str, Any] = {"id": [item.id for item in items]}
        if np.ndim(predictions[0]):
            rows = [np.asarray(row, dtype=np.float32) for row in predictions]
            columns["scores"] = pa.array(rows, pa.list_(pa.float32()))
        else:
            columns["label"] = pa.array([int(label) for label in predictions], pa.int64())
        with files.replacing(path) as temporary:
            pq.write_table(pa.table(columns), temporary)

    def read(self, path: Path, items: Sequence[ImageItem]) -> dict[str, Any]:  # noqa: ARG002 - one signature for all
        """Read parquet with `id` and `scores` or `label`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        expected = "parquet with `id` and `scores` or `label`"
        try:
            table = pq.read_table(path)
        except (pa.ArrowInvalid, KeyError) as error:
            raise UserError(shown(path), f"not a predictions file ({error})", expected) from None
        column = next((name for name in ("scores", "label") if name in table.column_names), None)
        if column is None or "id" not in table.column_names:
            raise UserError(shown(path), f"columns {', '.join(table.column_names)}", expected)
        kind = np.float32 if column == "scores" else np.int64
        values = (np.asarray(value, dtype=kind) for value in table.column(column).to_pylist())
        return dict(zip(table.column("id").to_pylist(), values, strict=True))

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read parquet with images and labels."""
        return {"source": "parquet-images", "path": path}

    def preview(self, prediction: Any) -> str:
        """Return the number of the best class."""
        return str(int(np.argmax(prediction) if np.ndim(prediction) else prediction))


def labelled(block: Block, n_classes: int, shots: int | None, config: Config) -> Labelled:
    """Return a block's images with single labels, at most `shots` a class.

    Raises
    ------
    UserError
        A label outside the classes, several labels an image, or a class with fewer images than `shots`.
    """
    images: ImageSet = block.build()
    require_unique(images.items, block.where)
    check_labels(images, n_classes, block.where)
    if not all(isinstance(label, int) for label in images.labels):
        raise UserError(block.where, "several labels an image", "one label an image to learn from")
    labels = np.asarray(images.labels, dtype=np.int64)
    keep = np.arange(len(labels)) if shots is None else draw_shots(labels, shots, config.support_seed, block.where)
    split = str(block.options.get("split", block.title))
    return Labelled([images.items[int(i)] for i in keep], labels[keep], split)


def draw_shots(labels: Any, shots: int, seed: int, where: str) -> Any:
    """Return the numbers of `shots` items a class, drawn with the seed, class by class.

    Raises
    ------
    UserError
        A class has fewer items than `shots`.
    """
    generator, kept = np.random.default_rng(seed), []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < shots:
            raise UserError(where, f"class {label} has {len(members)} images", f"at least {shots} for {shots} shots")
        kept.append(np.sort(generator.choice(members, shots, replace=False)))
    return np.concatenate(kept)


def gold_array(gold: Sequence[Any], n_classes: int) -> Any:
    """Return labels (n,), or the 0/1 matrix (n, n_classes) when images carry several labels."""
    if all(isinstance(label, int) for label in gold):
        return np.asarray(gold, dtype=np.int64)
    matrix = np.zeros((len(gold), n_classes), dtype=np.int64)
    for row, labels in enumerate(gold):
        matrix[row, [labels] if isinstance(labels, int) else list(labels)] = 1
    return matrix
