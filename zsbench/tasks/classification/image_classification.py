"""Zero-shot image classification: one label an image (or several), scores for every class.

Predictions: a table (parquet; `score` also takes CSV and JSONL) with `id` and `scores` (one list of n_classes numbers
an image), or `id` and `label` (a 0-based number, or a class's name).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import MinLen

from zsbench.config import catalog
from zsbench.config.blocks import Block, Chain
from zsbench.config.companions import Requires
from zsbench.config.components import Strict
from zsbench.config.options import ClassTemplate, Count, Natural, Positive, ProperShare, Seed, Text, Texts
from zsbench.config.paths import resolve_path
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.records import Score, TaskData, digest
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.templates import require_class
from zsbench.data.class_distances import read_distances
from zsbench.data.class_join import Classes
from zsbench.data.images.imagefiles import BrokenImage
from zsbench.data.images.items import ImageSet, count_traits, drop_broken
from zsbench.methods.classification import Problem, Rule
from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels
from zsbench.tasks.base import BaseTask, require_unique, sample
from zsbench.tasks.classification._class_splits import Halves, labelled, unseen_classes
from zsbench.tasks.classification.classes import NamedClasses
from zsbench.tasks.classification.doubts import below_chance
from zsbench.tasks.classification.template_sets import read_templates, templates_file
from zsbench.tasks.formats.class_scores import ClassScores, stacked

SCALE = 100.0
"""The factor on cosines in scores: that of the published CLIP models, whatever model is asked."""


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
    with the data; `templates` may be a file with one a line, or the name of a task that lists them (`cifar10`).
    `logit_scale` is the factor on cosines in scores and probabilities; by default scores have 100 and probabilities
    the model's own. Up to `max_bad_items` broken images are left out, counted.
    """

    data_keys: ClassVar[tuple[str, ...]] = ("support", "validation", "unlabeled")
    requires: ClassVar[tuple[Requires, ...]] = (("shots", "support"), ("support_seed", "shots"))

    method: Any = "prompt-ensemble"
    metrics: Texts = ["acc@1", "acc@5", "mean-per-class"]
    templates: Annotated[list[ClassTemplate], MinLen(1)] | Text | None = None
    logit_scale: Positive | None = None
    half: Literal["base", "new"] | None = None
    unseen: Texts | Text | UnseenDraw | None = None
    distances: Text | None = None
    support: Any = None
    shots: Count | None = None
    support_seed: Seed = 1
    validation: Any = None
    unlabeled: Any = None
    max_bad_items: Natural = 0


class Task(BaseTask[Config]):
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
    shard_size: ClassVar[int] = 2048

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.templates = self._named_templates() or []
        self.format: ClassScores = ClassScores()
        if config.shots is not None and config.support is None:
            raise UserError(
                config.document.where(("shots",)), "`shots:` without images to draw them from", "`support:`"
            )

    def _named_templates(self) -> list[str] | None:
        """Return the templates that the task writes or names, None where it does neither."""
        own = self.config
        return read_templates(own.templates, own.folder("templates"), own.document.where(("templates",)))

    def lacks(self, method: Chain) -> tuple[str, str]:
        """Say what a method learns from that the task does not have: labelled images; ("", "") where it has them."""
        if self.config.support is not None or not any("support set" in link.facts.uses for link in method.links):
            return "", ""
        return f"{method.title}: no support images", "`support:` (and `shots:`) in the task's YAML"

    def files(self) -> list[str]:
        """Return the files of test, support and validation data, and the names and distances beside them."""
        own = self.config
        keys = ("unseen", "distances")
        named = [(key, getattr(own, key)) for key in keys if isinstance(getattr(own, key), str)]
        found = [str(resolve_path(value, own.folder(key), where=self.source.where)) for key, value in named]
        if isinstance(own.templates, str):
            found.append(str(templates_file(own.templates, own.folder("templates"), self.source.where)))
        return super().files() + own.class_files(self.source.where) + found

    def protocol(self, *, given: bool = False) -> str:
        """Return the number of templates, and what else makes numbers comparable."""
        own, n = self.config, len(self.templates)
        parts = []
        if not given:
            parts += [f"{n} template{'s' * (n > 1)}" if n else "the data's templates"]
            parts += [f"{own.shots} shot{'s' * (own.shots > 1)}"] if own.shots else []
        parts += [f"{own.half} classes"] if own.half else []
        parts += ["some classes unseen"] if own.unseen else []
        scale = "the model's own scale" if own.logit_scale is None else f"logit_scale {own.logit_scale:g}"
        parts += [f"probabilities at {scale}"] if self._wants_probabilities() else []
        return ", ".join(parts)

    def _wants_probabilities(self) -> bool:
        return bool(catalog.metrics(("certainty",)).keys() & {name.partition("(")[0] for name in self.config.metrics})

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
        self.templates = self._named_templates() or images.templates or ["a photo of a {}."]
        for template in self.templates:
            require_class(template, self.source.where)
        problem = self._problem(halves)
        if not score_only:
            problem, further = self._with_further_data(problem, halves, classes, images)
            counts |= further
        self.format.class_names = problem.class_names
        self._check_metrics(images, problem)
        pairs = zip(images.items, images.labels, strict=True)
        parts = [*problem.class_names, *(f"{i.id}:{i.digest()}:{y}" for i, y in pairs), *(images.groups or [])]
        counts |= count_traits(images.items)
        return TaskData(images.items, images.labels, problem, digest(parts), counts, images.groups)

    def _problem(self, halves: Halves) -> Problem:
        """Return names, templates and what is known about the classes."""
        own, where = self.config, self.source.where
        unseen = unseen_classes(own.unseen, halves.names, own.folder("unseen"), where)
        scale = SCALE if own.logit_scale is None else own.logit_scale
        problem = Problem(halves.names, self.templates, scale, unseen=unseen, probability_scale=own.logit_scale)
        if own.distances is not None:
            path = resolve_path(own.distances, own.folder("distances"), where=where)
            problem = replace(problem, distances=read_distances(path, halves.names))
        return problem

    def _check_metrics(self, images: ImageSet, problem: Problem) -> None:
        """Ask each metric about one image before any is encoded: some need what this task or its data do not tell.

        What cannot be computed is left out later where nobody asked for it by name.
        """
        if "metrics" not in self.config.model_fields_set:
            return
        n_classes = len(problem.class_names)
        groups = None if images.groups is None else np.zeros(1, dtype=np.int64)
        pred, gold = _judged([np.zeros(n_classes, np.float32)], images.labels[:1], groups, problem, None)
        for number, name in enumerate(self.config.metrics):
            try:
                naming.resolve(name, kinds=self.metric_kinds).statistics(pred, gold)
            except ValueError as error:
                where = self.config.document.where(("metrics", number))
                raise UserError(where, f"metric '{name}': {error}") from None

    def _with_further_data(
        self, problem: Problem, halves: Halves, classes: Classes, test: ImageSet
    ) -> tuple[Problem, dict[str, int]]:
        """Return the problem with support, validation and unlabeled images where the task names them, and counts."""
        sources, own = self.config.sources(), self.config
        found: dict[str, Any] = {}
        counts: dict[str, int] = {}

        def read(key: str) -> ImageSet:
            images, broken = drop_broken(sources[key].build(), own.max_bad_items, sources[key].where)
            counts.update({f"{key}: {name}": n for name, n in {**images.counts, **broken}.items()})
            return images

        for key in ("support", "validation"):
            if key in sources:
                block, shots, images = sources[key], own.shots if key == "support" else None, read(key)
                images = replace(images, labels=own.join_further(classes, images, block))
                if strangers := own.strangers(classes, images, block):
                    counts[f"{key}: classes of other names, joined by place"] = strangers
                found[key] = labelled(images, block, halves, shots, own.support_seed, problem.unseen, test.items)
        if "validation" in sources and sources["validation"].described() == self.source.described():
            found["validation"] = replace(found["validation"], split="test")
        if "unlabeled" in sources:
            found["unlabeled"] = read("unlabeled").items
        if halves.half == "new":
            found["support_names"] = halves.base_names
        return replace(problem, **found), counts

    def predict(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the scores (n_classes,) of each image, or its label from a rule that gives no scores."""
        try:
            yield from self._scores(rule, model, data, todo, run)
        except BrokenImage as error:
            way_out = "`max_bad_items: N` in the task leaves up to N broken images out, counted"
            hint = f"{error.hint}, or {way_out}" if error.hint else way_out
            raise BrokenImage(error.where, error.found, error.expected, hint) from None

    def _scores(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        from zsbench.tasks.encoding import Features

        features = Features(model, run, data.items)
        problem: Problem = data.context
        classifier = rule(features, problem, None)
        self.format.kind = classifier.kind.for_model(model, problem.probability_scale)
        for start, batch in features.batches(todo):
            scores = np.asarray(classifier.score(batch))
            yield from scores if scores.ndim == 1 else scores.astype(np.float32)
            run.progress(start + len(batch.items))

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say that accuracy is below chance."""
        return below_chance(scores, len(data.context.class_names))

    def summary(self, data: TaskData, predictions: Sequence[Any]) -> dict[str, Any]:
        """Say what the scores are, and so which probabilities follow from them."""
        return {} if self.format.kind is None else {"scores": self.format.kind.described()}

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_images, n_classes) or labels (n_images,), and gold: labels, or a 0/1 matrix if several."""
        problem: Problem = data.context
        rows, certainty = iter(predictions), self._wants_probabilities()
        groups = None if data.groups is None else np.unique(data.groups, return_inverse=True)[1]
        for start in range(0, len(data.items), self.shard_size):
            items = data.items[start : start + self.shard_size]
            block = [row for _, row in zip(items, rows, strict=False)]
            own = None if groups is None else groups[start : start + self.shard_size]
            if certainty and self.format.kind is None and np.ndim(block[0]):
                found = "scores of a file that does not say what they are, for metrics that need probabilities"
                raise UserError("", found, "a column named `logits` or `probabilities`")
            kind = self.format.kind if certainty else None
            yield _judged(block, data.gold[start : start + self.shard_size], own, problem, kind)

    @classmethod
    def gold_source(cls, path: str) -> dict[str, Any]:
        """Read a folder of class folders, a table of paths and labels, or parquet with images and labels."""
        table = Path(path).suffix in (".csv", ".tsv")
        source = "imagefolder" if Path(path).is_dir() else "image-table" if table else "parquet-images"
        return {"source": source, "path": path}


def _odd_classes(names: Sequence[str], labels: Sequence[Any]) -> dict[str, int]:
    """Count classes that share a name, and classes without an image."""
    there = {one for label in labels for one in ([label] if isinstance(label, int) else label)}
    found = {
        "repeated class names": len(names) - len(set(names)),
        "classes without an image": len(names) - len(there),
    }
    return {what: count for what, count in found.items() if count}


def _judged(
    block: list[Any], gold: Sequence[Any], groups: Any, problem: Problem, kind: ScoreKind | None
) -> tuple[Any, Any]:
    """Return what metrics get: predictions, and labels with what is known about their classes, groups and scores."""
    labels = gold_array(gold, len(problem.class_names))
    if labels.ndim > 1:
        return stacked(block), labels if kind is None else Labels(labels, scores=kind)
    known = any(part is not None for part in (problem.unseen, problem.distances, groups, kind))
    judged = Labels(labels, problem.unseen, problem.distances, groups, kind) if known else labels
    return stacked(block), judged


def gold_array(gold: Sequence[Any], n_classes: int) -> Any:
    """Return labels (n,), or the 0/1 matrix (n, n_classes) when images carry several labels."""
    if all(isinstance(label, int) for label in gold):
        return np.asarray(gold, dtype=np.int64)
    matrix = np.zeros((len(gold), n_classes), dtype=np.int64)
    for row, labels in enumerate(gold):
        matrix[row, [labels] if isinstance(labels, int) else list(labels)] = 1
    return matrix
