"""Zero-shot image classification: one label an image (or several), scores for every class.

Predictions: a table (parquet; `score` also takes CSV and JSONL) with `id` and `scores` (one list of n_classes numbers
an image), or `id` and `label` (a 0-based number, or a class's name).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import MinLen

from zsbench.config.blocks import Block, Chain
from zsbench.config.companions import Requires
from zsbench.config.options import ClassTemplate, Names, Positive, Text, Texts
from zsbench.core.context import RunContext
from zsbench.core.doubts import EQUAL_BEST
from zsbench.core.drawing import Drawing
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.records import Score, TaskData, digest
from zsbench.core.templates import require_class
from zsbench.data.class_distances import read_distances
from zsbench.data.images.imagefiles import BrokenImage
from zsbench.data.images.items import ImageSet, count_traits, drop_broken
from zsbench.methods.classification import Problem, Rule
from zsbench.metrics.labels.tails import OF_FREQUENCY
from zsbench.tasks import drawings
from zsbench.tasks.base import BaseTask, require_unique, sample
from zsbench.tasks.classification._class_splits import Halves, UnseenDraw, unseen_classes
from zsbench.tasks.classification.classes import require_classes
from zsbench.tasks.classification.doubts import count_equal_best, odd_classes, of_classes
from zsbench.tasks.classification.further_data import FurtherData
from zsbench.tasks.classification.known_labels import known_labels
from zsbench.tasks.classification.metric_checks import require_kind, require_suited, want_probabilities
from zsbench.tasks.classification.template_sets import files_of_templates, read_templates
from zsbench.tasks.formats.class_scores import ClassScores, stacked

SCALE = 100.0
"""The factor on cosines in scores: that of the published CLIP models, whatever model is asked."""


class Config(FurtherData):
    """Keys of a `type: image-classification` task.

    `half` asks for the first half of the classes (`base`) or for the rest (`new`, with support and validation images
    of the base classes only). `unseen` names the classes without labelled examples, or draws them. `distances` is a
    file with distances between classes: a matrix (.npy, .npz, .csv) or the edges of a hierarchy, `nodes` JSON {class:
    its name there}. Names and templates
    that stand here replace those that come with the data; `templates` may be a file with one a line, or the name of a
    task that lists them (`cifar10`). `also_called` gives classes further names, `{happy: [smiling]}`: rules that fill
    the templates average the prompts of all names of a class, others use the first. `logit_scale` is the factor on
    cosines in scores and probabilities; by default scores have 100 and probabilities the model's own.
    """

    requires: ClassVar[tuple[Requires, ...]] = (*FurtherData.requires, ("nodes", "distances"))

    method: Any = "prompt-ensemble"
    metrics: Texts = ["acc@1", "acc@5", "mean-per-class"]
    templates: Annotated[list[ClassTemplate], MinLen(1)] | Text | None = None
    also_called: Annotated[dict[Text, Names], MinLen(1)] | None = None
    logit_scale: Positive | None = None
    half: Literal["base", "new"] | None = None
    unseen: Texts | Text | UnseenDraw | None = None
    distances: Text | None = None
    nodes: Text | None = None


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
        "frequency",
        "tails",
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
        config = self.config
        return read_templates(config.templates, config.folder("templates"), config.document.where(("templates",)))

    def lacks(self, method: Chain) -> tuple[str, str]:
        """Say what a method learns from that the task does not have: labelled images; ("", "") where it has them."""
        if self.config.support is not None or not any("support set" in link.facts.uses for link in method.links):
            return "", ""
        return f"{method.title}: no support images", "`support:` (and `shots:`) in the task's YAML"

    def named_files(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the files of names, distances, counts and templates."""
        return self.config.files_of("unseen", "distances", "nodes", "frequency") + files_of_templates(self.config)

    def protocol(self, *, given: bool = False) -> str:
        """Return the number of templates, and what else makes numbers comparable."""
        config, n = self.config, len(self.templates)
        parts = []
        if not given:
            parts += [f"{n} template{'s' * (n > 1)}" if n else "the data's templates"]
            parts += [f"{config.shots} shot{'s' * (config.shots > 1)}"] if config.shots else []
        parts += [f"{config.half} classes"] if config.half else []
        parts += ["some classes unseen"] if config.unseen else []
        scale = "the model's own scale" if config.logit_scale is None else f"logit_scale {config.logit_scale:g}"
        parts += [f"probabilities at {scale}"] if want_probabilities(self.config.metrics) else []
        return ", ".join(parts)

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read images (not their pixels), labels and class names."""
        images: ImageSet = self.source.build()
        classes = self.config.join(images, self.source)
        names = classes.names
        images = replace(images, labels=classes.relabelled(images.labels), class_names=names)
        require_unique(images.items, self.source.where)
        images, counts = drop_broken(images, self.config.max_bad_items, self.source.where)
        counts = {**images.counts, **counts, **odd_classes(names, images.labels)}
        require_classes(self.config.also_called or (), names, self.config.document.where(("also_called",)))
        halves = Halves(names, self.config.half)
        if not halves.names:
            raise UserError(self.config.document.where(("half",)), "one class in all", "at least two to have halves")
        images = halves.of(images)
        images = images.take(sample(len(images.items), limit, seed))
        self.templates = self._named_templates() or images.templates or ["a photo of a {}."]
        for template in self.templates:
            require_class(template, self.source.where)
        problem = self._problem(halves)
        if not score_only:
            further, further_counts = self.config.further(halves, classes, problem.unseen, images.items, self.source)
            problem = replace(problem, **further)
            counts |= further_counts
        self.format.class_names = problem.class_names
        self._check_metrics(images, problem)
        pairs = zip(images.items, images.labels, strict=True)
        parts = [*problem.class_names, *(f"{i.id}:{i.digest()}:{y}" for i, y in pairs), *(images.groups or [])]
        counts |= count_traits(images.items)
        return TaskData(images.items, images.labels, problem, digest(parts), counts, images.groups, images.clusters)

    def _problem(self, halves: Halves) -> Problem:
        """Return names, templates and what is known about the classes."""
        config = self.config
        where = config.document.where(("unseen",))
        unseen = unseen_classes(config.unseen, halves.names, config.folder("unseen"), where)
        scale = SCALE if config.logit_scale is None else config.logit_scale
        problem = Problem(halves.names, self.templates, scale, unseen=unseen, probability_scale=config.logit_scale)
        if config.also_called is not None:
            problem = replace(problem, also_called=config.also_called)
        if config.distances is not None:
            nodes = None if config.nodes is None else config.path("nodes")
            problem = replace(problem, distances=read_distances(config.path("distances"), halves.names, nodes=nodes))
        return replace(problem, counts=config.counts_of(halves.names))

    def _check_metrics(self, images: ImageSet, problem: Problem) -> None:
        """Ask each metric about one image: some need what this task or its data do not tell."""
        n_classes = len(problem.class_names)
        groups = None if images.groups is None else np.zeros(1, dtype=np.int64)
        pred = np.zeros((1, n_classes))
        gold = known_labels(images.labels[:1], groups, problem, None)
        require_suited(self.config, self.config.metrics, self.metric_kinds, pred, gold)

    def metric_names(self, names: Sequence[str]) -> list[str]:
        """Return the metrics, with those of frequency where the task names counts."""
        return self.config.with_frequency(names, OF_FREQUENCY, self.metric_kinds)

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
        """Say that accuracy is below chance, and which metrics leave no class to be wrong."""
        return of_classes(scores, len(data.context.class_names), data.counts.get(EQUAL_BEST, 0))

    def summary(self, data: TaskData, predictions: Sequence[Any]) -> dict[str, Any]:
        """Say what the scores are, and so which probabilities follow from them; equal best ones are counted.

        Templates that the task's YAML does not list are noted: `zsbench bound` asks a result for them.
        """
        count_equal_best(data, predictions)
        scores = {} if self.format.kind is None else {"scores": self.format.kind.described()}
        return scores if isinstance(self.config.templates, list) else {**scores, "templates": self.templates}

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_images, n_classes) or labels (n_images,), and gold: labels, or a 0/1 matrix if several."""
        problem: Problem = data.context
        remaining, certainty = iter(predictions), want_probabilities(self.config.metrics)
        groups = None if data.groups is None else np.unique(data.groups, return_inverse=True)[1]
        for start in range(0, len(data.items), self.shard_size):
            part = slice(start, start + self.shard_size)
            pred = stacked(list(itertools.islice(remaining, self.shard_size)))
            if certainty:
                require_kind(self.format.kind, pred)
            kind = self.format.kind if certainty else None
            yield pred, known_labels(data.gold[part], None if groups is None else groups[part], problem, kind)

    def gold_text(self, item: Any, gold: Any, data: TaskData) -> str:
        """Return the names of the image's classes."""
        return ", ".join(data.context.class_names[number] for number in _labels(gold))

    def draw(self, item: Any, gold: Any, prediction: Any, data: TaskData) -> Drawing:
        """Show the image beside the classes of the best scores."""
        return drawings.of_classes([drawings.image(item)], prediction, data.context.class_names, _labels(gold))

    @classmethod
    def gold_source(cls, path: str) -> dict[str, Any]:
        """Read a folder of class folders, a table of paths and labels, or parquet with images and labels."""
        table = Path(path).suffix in (".csv", ".tsv")
        source = "imagefolder" if Path(path).is_dir() else "image-table" if table else "parquet-images"
        return {"source": source, "path": path}


def _labels(gold: Any) -> list[int]:
    """Return the labels of an image, which has one or a list of them."""
    return sorted(gold) if isinstance(gold, (list, tuple, set, frozenset)) else [gold]
