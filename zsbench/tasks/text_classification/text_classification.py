"""Zero-shot text classification: one label a text (or several), scores for every class.

Predictions: as in image-classification, a table with `id` and `scores` or `label`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from zsbench.config import catalog
from zsbench.config.blocks import Block, Chain
from zsbench.config.components import option_defaults
from zsbench.config.options import Texts
from zsbench.core.context import RunContext
from zsbench.core.doubts import EQUAL_BEST
from zsbench.core.drawing import Drawing, Paragraph, short
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import IntArray, np
from zsbench.core.records import Score, TaskData, digest
from zsbench.core.score_kinds import ScoreKind
from zsbench.data.class_join import Classes
from zsbench.data.class_names import plain
from zsbench.data.clusters import taken
from zsbench.data.texts.texts import TextSet
from zsbench.methods.text_classification import Rule, TextProblem
from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels
from zsbench.metrics.labels.tails import OF_FREQUENCY
from zsbench.tasks import drawings
from zsbench.tasks.base import BaseTask, require_unique, sample
from zsbench.tasks.classification.doubts import count_equal_best, of_classes
from zsbench.tasks.classification.known_labels import label_array
from zsbench.tasks.classification.metric_checks import require_kind, require_suited, want_probabilities
from zsbench.tasks.formats.class_scores import ClassScores, stacked
from zsbench.tasks.text_classification._vectors import Vectors
from zsbench.tasks.text_classification.further_texts import FurtherTexts, repeated

EVERY = "label=*"
"""In `class-F1(label=*)`: one metric a class."""
_BATCH = 64
_MARKS = "(),"
"""What a class's name cannot hold inside a metric's name."""


class Config(FurtherTexts):
    """Keys of a `type: text-classification` task."""

    method: Any = "similarity"
    metrics: Texts = ["F1-over-all-classes", "acc@1"]


class Task(BaseTask[Config]):
    """Texts; gold is the 0-based label, or a list of them."""

    family: ClassVar[str] = "text-classification"
    gives: ClassVar[str] = "texts"
    gold: ClassVar[tuple[str, str]] = ("text-table", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = (
        "classification",
        "classes",
        "certainty",
        "multilabel",
        "frequency",
        "tails",
    )
    shard_size: ClassVar[int] = 1024
    unit: ClassVar[str] = "document"

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.format: ClassScores = ClassScores(noun="text")
        self._counts: IntArray | None = None

    def named_files(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the files of names, keywords and counts."""
        return self.config.files_of("keywords", "frequency")

    def lacks(self, method: Chain) -> tuple[str, str]:
        """Say which keywords or further texts a method's options ask for that the task does not have."""
        config = self.config
        for link in method.links:
            options = link.options
            if config.keywords is None and _by_keywords(link):
                return f"{link.title}: no keywords", "`keywords:` in the task's YAML, or `described_by: names`"
            if config.validation is None and isinstance(options.get("similarity_threshold"), list):
                found = f"{link.title}: no labelled texts to choose `similarity_threshold` with"
                return found, "`validation:` in the task's YAML, or one value"
            if config.unlabeled is None and options.get("corpus") == "unlabeled":
                return f"{link.title}: no unlabelled texts", "`unlabeled:` in the task's YAML, or `corpus: test`"
        return "", ""

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read texts, labels, class names and keywords."""
        texts: TextSet = self.source.build()
        classes = self._join(texts)
        names = classes.names
        require_unique(texts.items, self.source.where)
        labels = classes.relabelled(texts.labels)
        keep = sample(len(texts.items), limit, seed)
        items, gold = [texts.items[i] for i in keep], [labels[i] for i in keep]
        problem = TextProblem(names, self.config.keywords_of(names))
        counts = {**texts.counts, **repeated(problem.keywords)}
        there = {one for label in labels for one in ([label] if isinstance(label, int) else label)}
        counts |= {"classes without a text": len(names) - len(there)} if len(there) < len(names) else {}
        if not score_only:
            further, further_counts = self.config.further(classes, items, self.source)
            problem = TextProblem(names, problem.keywords, **further)
            counts |= further_counts
        self.format.class_names, self._counts = names, self.config.counts_of(names)
        self._check_metrics(gold)
        parts = [*names, *(f"{item.id}:{item.digest()}:{label}" for item, label in zip(items, gold, strict=True))]
        clusters = taken(texts.clusters, keep, len(texts.items))
        return TaskData(items, gold, problem, digest(parts), counts, clusters=clusters)

    def _join(self, texts: TextSet) -> Classes:
        """Return the classes, each named once; a label that is none of them is named with its line.

        Raises
        ------
        UserError
            A class twice, a single class, or a label that is no class.
        """
        self._require_different()
        try:
            classes = self.config.join(texts, self.source)
        except UserError as error:
            raise self._placed(texts, error) from None
        if len(classes.names) < 2:
            raise UserError(self.source.where, f"one class ('{classes.names[0]}')", "at least two to choose from")
        return classes

    def _require_different(self) -> None:
        """Refuse a class that `classes:` lists twice."""
        written = self.config.classes
        if written is None or isinstance(written, dict):
            return
        seen: set[str] = set()
        for name in self.config.listed() or []:
            if plain(name) in seen:
                where = self.config.document.where(("classes",))
                raise UserError(where, f"class '{name}' stands twice", "different classes")
            seen.add(plain(name))

    def _placed(self, texts: TextSet, error: UserError) -> UserError:
        """Return an error of the join with the line of the first label that is no class, where one is."""
        written = self.config.classes
        if written is None or isinstance(written, dict) or self.config.class_map is not None:
            return error
        listed = self.config.listed() or []
        known = {plain(name) for name in listed}
        for item, label in zip(texts.items, texts.labels, strict=True):
            for number in [label] if isinstance(label, int) else label:
                name = None if texts.class_names is None else texts.class_names[number]
                stranger = not 0 <= number < len(listed) if name is None else plain(name) not in known
                if stranger:
                    if number == -1:
                        return UserError(item.place, "no label", "one for each text", error.hint)
                    shown = number if name is None else f"'{name}'"
                    expected = f"one of the {len(listed)} classes: {', '.join(listed[:10])}"
                    near = "" if name is None else did_you_mean(name, listed)
                    return UserError(item.place, f"label {shown}, which is no class", expected, near or error.hint)
        return error

    def _check_metrics(self, gold: Sequence[Any]) -> None:
        """Refuse a metric of one class that there is not, or one that does not suit the labels, before any encoding."""
        names = self.format.class_names
        for number, written in enumerate(self.config.metrics):
            where = self.config.document.where(("metrics", number))
            for name in self.metric_names([written]):
                metric = naming.resolve(name, kinds=self.metric_kinds, where=where)
                label = getattr(metric.statistics, "keywords", {}).get("label")
                if label is not None and label not in names:
                    raise UserError(where, f"metric '{name}': no class '{label}'", "", did_you_mean(label, names))
        labels = label_array(gold[:1], len(names))
        one = Labels(labels, scores=ScoreKind("votes"), class_names=names, counts=self._counts)
        spelled = self.metric_names(self.config.metrics)
        require_suited(self.config, spelled, self.metric_kinds, np.ones((1, len(names))), one)

    def metric_names(self, names: Sequence[str]) -> list[str]:
        """Return the metrics, and those of frequency; one of `label=*` stands for one of every class.

        Raises
        ------
        UserError
            A class's name holds what a metric's name cannot hold.
        """
        spelled: list[str] = []
        for name in names:
            if EVERY not in name:
                spelled.append(name)
                continue
            odd = next((label for label in self.format.class_names if set(label) & set(_MARKS)), None)
            if odd is not None:
                where = self.config.document.where(("classes",))
                raise UserError(where, f"'{name}' and class '{odd}'", f"class names without {' '.join(_MARKS)}")
            spelled += [name.replace(EVERY, f"label={label}") for label in self.format.class_names]
        return self.config.with_frequency(spelled, OF_FREQUENCY, self.metric_kinds)

    def predict(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the scores (n_classes,) of each text."""
        classifier = rule(Vectors(model, run, data.items), data.context)
        self.format.kind = classifier.kind
        size = _BATCH if run.batch_size == "auto" else int(run.batch_size)
        for start in range(todo.start, todo.stop, size):
            batch = data.items[start : min(start + size, todo.stop)]
            yield from np.asarray(classifier.score(batch), dtype=np.float32)
            run.progress(start + len(batch))

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_texts, n_classes) or labels (n_texts,), and gold: labels, or a 0/1 matrix if several."""
        names: list[str] = data.context.class_names
        labels = label_array(data.gold, len(names))
        pred = stacked(predictions)
        if want_probabilities(self.config.metrics):
            require_kind(self.format.kind, pred)
        yield pred, Labels(labels, scores=self.format.kind, class_names=names, counts=self._counts)

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say that accuracy is below chance, and which metrics leave no class to be wrong."""
        return of_classes(scores, len(data.context.class_names), data.counts.get(EQUAL_BEST, 0))

    def summary(self, data: TaskData, predictions: Sequence[Any]) -> dict[str, Any]:
        """Say what the scores are, and so which probabilities follow from them; equal best ones are counted."""
        count_equal_best(data, predictions)
        return {} if self.format.kind is None else {"scores": self.format.kind.described()}

    def gold_text(self, item: Any, gold: Any, data: TaskData) -> str:
        """Return the names of the text's classes."""
        return ", ".join(data.context.class_names[number] for number in _labels(gold))

    def draw(self, item: Any, gold: Any, prediction: Any, data: TaskData) -> Drawing:
        """Show the text beside the classes of the best scores."""
        head = [Paragraph("Text", short(item.text))]
        return drawings.of_classes(head, prediction, data.context.class_names, _labels(gold))

    @classmethod
    def gold_source(cls, path: str) -> dict[str, Any]:
        """Read a folder of a data set, or a table of texts and labels."""
        return {"source": "hf-texts" if Path(path).is_dir() else "text-table", "path": path}


def _by_keywords(link: Block) -> bool:
    """Say whether a method's options take keywords for the classes."""
    defaults = option_defaults(catalog.load_component("methods", link.name))
    return bool(link.options.get("described_by", defaults.get("described_by")) == "keywords")


def _labels(gold: Any) -> list[int]:
    """Return the labels of a text, which has one or a list of them."""
    return sorted(gold) if isinstance(gold, list) else [gold]
