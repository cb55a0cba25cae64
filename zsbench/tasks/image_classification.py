"""Zero-shot image classification: one label an image (or several), scores for every class.

Predictions: parquet with columns `id` and `scores` (one list of n_classes floats an image), or `id` and `label`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from zsbench import files, metrics
from zsbench.catalog import resolve_path
from zsbench.components import Strict
from zsbench.config import Block
from zsbench.data._distances import read_distances
from zsbench.data._images import ImageItem, ImageSet, count_traits, drop_broken
from zsbench.data.class_names import Classes
from zsbench.errors import UserError
from zsbench.imagefiles import BrokenImage
from zsbench.lazy import lazy
from zsbench.methods.classification import Problem, Rule
from zsbench.metrics._gold import Labels
from zsbench.options import Count, Natural, Positive, ProperShare, Seed, Text, Texts
from zsbench.records import RunContext, Score, TaskData, digest
from zsbench.tasks._base import require_unique, sample
from zsbench.tasks._class_splits import Halves, labelled, unseen_classes
from zsbench.tasks._classes import NamedClasses
from zsbench.templates import require_class
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")


class UnseenDraw(Strict):
    """A drawn split: a share `seen` of the classes has labels, the rest has none (numpy's legacy generator)."""

    seen: ProperShare = 0.62
    seed: Seed = 0


class Config(NamedClasses):
    """Keys of a `type: image-classification` task.

    `support`, `validation` and `unlabeled` are data blocks like `data`, for methods that use them; `shots` keeps
    that many support images a class, drawn with `support_seed`. `half` asks for the first half of the classes
    (`base`) or for the rest (`new`, with support and validation images of the base classes only). `unseen` names
    the classes without labelled examples, or draws them. `distances` is a file with distances between classes: a
    matrix (.npy, .npz, .csv) or the edges of a hierarchy. Names and templates that stand here replace those that come
    with the data. Up to `max_bad_items` broken images are left out, counted.
    """

    data_keys: ClassVar[tuple[str, ...]] = ("support", "validation", "unlabeled")

    method: Any = "prompt-ensemble"
    metrics: list[str] = ["acc@1", "acc@5", "mean-per-class"]
    templates: Texts | None = None
    logit_scale: Positive = 100.0
    half: Literal["base", "new"] | None = None
    unseen: Texts | Text | UnseenDraw | None = None
    distances: Text | None = None
    support: Any = None
    shots: Count | None = None
    support_seed: Seed = 1
    validation: Any = None
    unlabeled: Any = None
    max_bad_items: Natural = 0


class Task:
    """Images; gold is the 0-based label."""

    family: ClassVar[str] = "classification"
    gives: ClassVar[str] = "images"
    metric_kinds: ClassVar[tuple[str, ...]] = (
        "classification",
        "multilabel",
        "clustering",
        "generalised",
        "hierarchy",
        "certainty",
        "groups",
    )
    suffix: ClassVar[str] = ".parquet"
    shard_size: ClassVar[int] = 2048
    absent: ClassVar[Any] = None

    def __init__(self, config: Config, source: Block) -> None:
        self.config, self.source = config, source
        self.templates = config.templates or []
        for number, template in enumerate(self.templates):
            require_class(template, config.document.where(("templates", number)))
        if config.shots is not None and config.support is None:
            raise UserError(
                config.document.where(("shots",)), "`shots:` without images to draw them from", "`support:`"
            )

    def files(self) -> list[str]:
        """Return the files of test, support and validation data, and the names and distances beside them."""
        blocks = [self.source, *self.config.sources().values()]
        own = self.config
        named = [(key, getattr(own, key)) for key in ("unseen", "distances") if isinstance(getattr(own, key), str)]
        found = [str(resolve_path(value, own.folder(key), where=self.source.where)) for key, value in named]
        return [path for block in blocks for path in block.files()] + own.class_files(self.source.where) + found

    def protocol(self, *, given: bool = False) -> str:
        """Return the number of templates, and what else makes numbers comparable."""
        own, n = self.config, len(self.templates)
        parts = []
        if not given:
            parts += [f"{n} template{'s' * (n > 1)}" if n else "the data's templates"]
            parts += [f"{own.shots} shot{'s' * (own.shots > 1)}"] if own.shots else []
        parts += [f"{own.half} classes"] if own.half else []
        parts += ["some classes unseen"] if own.unseen else []
        return ", ".join(parts)

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read images (not their pixels), labels and class names."""
        images: ImageSet = self.source.build()
        classes = self.config.join(images, self.source)
        names = classes.names
        images = replace(images, labels=classes.relabelled(images.labels), class_names=names)
        require_unique(images.items, self.source.where)
        images, counts = drop_broken(images, self.config.max_bad_items, self.source.where)
        counts = {**images.counts, **counts, **_odd_classes(names, images.labels)}
        halves = Halves(names, self.config.half)
        if not halves.names:
            raise UserError(self.config.document.where(("half",)), "one class in all", "at least two to have halves")
        images = halves.own(images)
        images = images.take(sample(len(images.items), limit, seed))
        self.templates = self.config.templates or images.templates or ["a photo of a {}."]
        for template in self.templates:
            require_class(template, self.source.where)
        problem = self._problem(halves, classes, score_only=score_only)
        self._check_metrics(images, problem)
        pairs = zip(images.items, images.labels, strict=True)
        parts = [*problem.class_names, *(f"{i.id}:{i.digest()}:{y}" for i, y in pairs), *(images.groups or [])]
        counts |= count_traits(images.items)
        return TaskData(images.items, images.labels, problem, digest(parts), counts, images.groups)

    def _problem(self, halves: Halves, classes: Classes, *, score_only: bool) -> Problem:
        """Return names, templates and, for methods, the further images the task names."""
        own, where = self.config, self.source.where
        unseen = unseen_classes(own.unseen, halves.names, own.folder("unseen"), where)
        problem = Problem(halves.names, self.templates, own.logit_scale, unseen=unseen)
        if own.distances is not None:
            path = resolve_path(own.distances, own.folder("distances"), where=where)
            problem = replace(problem, distances=read_distances(path, halves.names))
        return problem if score_only else self._with_further_data(problem, halves, classes)

    def _check_metrics(self, images: ImageSet, problem: Problem) -> None:
        """Ask each metric about one image before any is encoded: some need what this task or its data do not tell."""
        n_classes = len(problem.class_names)
        groups = None if images.groups is None else np.zeros(1, dtype=np.int64)
        pred, gold = _judged([np.zeros(n_classes, np.float32)], images.labels[:1], groups, problem)
        for number, name in enumerate(self.config.metrics):
            try:
                metrics.resolve(name, kinds=self.metric_kinds).statistics(pred, gold)
            except ValueError as error:
                where = self.config.document.where(("metrics", number))
                raise UserError(where, f"metric '{name}': {error}") from None

    def _with_further_data(self, problem: Problem, halves: Halves, classes: Classes) -> Problem:
        """Return the problem with support, validation and unlabeled images where the task names them."""
        sources = self.config.sources()
        found: dict[str, Any] = {}
        for key in ("support", "validation"):
            if key in sources:
                block, shots = sources[key], self.config.shots if key == "support" else None
                images = block.build()
                images = replace(images, labels=self.config.join_further(classes, images, block))
                found[key] = labelled(images, block, halves, shots, self.config.support_seed, problem.unseen)
        if "validation" in sources and sources["validation"].described() == self.source.described():
            found["validation"] = replace(found["validation"], split="test")
        if "unlabeled" in sources:
            found["unlabeled"] = sources["unlabeled"].build().items
        if halves.half == "new":
            found["support_names"] = halves.base_names
        return replace(problem, **found)

    def predict(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the scores (n_classes,) of each image, or its label from a rule that gives no scores."""
        try:
            yield from self._scores(rule, model, data, todo, run)
        except BrokenImage as error:
            own = any(item.id == error.where for item in data.items)
            hint = "`max_bad_items: N` in the task leaves up to N broken images out, counted" if own else error.hint
            raise BrokenImage(error.where, error.found, error.expected, hint) from None

    def _scores(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
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

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say that accuracy is below chance, which is how classes in another order than the labels look."""
        score, chance = scores.get("acc@1"), 1 / len(data.context.class_names)
        if score is None or not score.n or score.high >= chance:
            return ""
        return f"acc@1 is below chance ({100 * chance:.1f} %): are the classes in the order of the labels?"

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_images, n_classes) or labels (n_images,), and gold: labels, or a 0/1 matrix if several."""
        problem: Problem = data.context
        n_classes, rows = len(problem.class_names), iter(predictions)
        groups = None if data.groups is None else np.unique(data.groups, return_inverse=True)[1]
        for start in range(0, len(data.items), self.shard_size):
            items = data.items[start : start + self.shard_size]
            block = [row for _, row in zip(items, rows, strict=False)]
            for item, row in zip(items, block, strict=True):
                if np.ndim(row) and len(row) != n_classes:
                    raise UserError("", f"image {item.id}: {len(row)} scores", f"one for each of {n_classes} classes")
            own = None if groups is None else groups[start : start + self.shard_size]
            yield _judged(block, data.gold[start : start + self.shard_size], own, problem)

    def write(self, path: Path, items: Sequence[ImageItem], predictions: Sequence[Any]) -> None:
        """Write parquet with `id` and `scores` or `label`."""
        write_scores(path, items, predictions)

    def read(self, path: Path, items: Sequence[ImageItem]) -> dict[str, Any]:  # noqa: ARG002 - one signature for all
        """Read parquet with `id` and `scores` or `label`."""
        return read_scores(path)

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read parquet with images and labels."""
        return {"source": "parquet-images", "path": path}

    def preview(self, prediction: Any) -> str:
        """Return the number of the best class."""
        return str(int(np.argmax(prediction) if np.ndim(prediction) else prediction))


def _odd_classes(names: Sequence[str], labels: Sequence[Any]) -> dict[str, int]:
    """Count classes that share a name, and classes without an image."""
    there = {one for label in labels for one in ([label] if isinstance(label, int) else label)}
    found = {
        "repeated class names": len(names) - len(set(names)),
        "classes without an image": len(names) - len(there),
    }
    return {what: count for what, count in found.items() if count}


def _judged(block: list[Any], gold: Sequence[Any], groups: Any, problem: Problem) -> tuple[Any, Any]:
    """Return what metrics get: predictions, and labels with what is known about their classes and groups."""
    labels = gold_array(gold, len(problem.class_names))
    known = any(part is not None for part in (problem.unseen, problem.distances, groups))
    if labels.ndim > 1 or not known:
        return np.stack(block), labels
    return np.stack(block), Labels(labels, problem.unseen, problem.distances, groups)


def write_scores(path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
    """Write parquet with `id` and `scores` (a list of floats) or, for predictions that are numbers, `label`."""
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


def read_scores(path: Path) -> dict[str, Any]:
    """Read parquet with `id` and `scores` or `label`, by id.

    Raises
    ------
    UserError
        Not parquet, or without these columns.
    """
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
    try:
        values = [np.asarray(value, dtype=kind) for value in table.column(column).to_pylist()]
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f"{shown(path)}: column '{column}'", f"not numbers ({error})", expected) from None
    ids = table.column("id").to_pylist()
    if len(set(ids)) < len(ids):
        twice = next(key for number, key in enumerate(ids) if key in ids[:number])
        raise UserError(shown(path), f"id '{twice}' stands twice", "one row an image")
    return dict(zip(ids, values, strict=True))


def gold_array(gold: Sequence[Any], n_classes: int) -> Any:
    """Return labels (n,), or the 0/1 matrix (n, n_classes) when images carry several labels."""
    if all(isinstance(label, int) for label in gold):
        return np.asarray(gold, dtype=np.int64)
    matrix = np.zeros((len(gold), n_classes), dtype=np.int64)
    for row, labels in enumerate(gold):
        matrix[row, [labels] if isinstance(labels, int) else list(labels)] = 1
    return matrix
