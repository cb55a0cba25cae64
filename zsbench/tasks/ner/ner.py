"""Zero-shot named entities: labelled spans of words; every label of the set is asked of every sentence.

Predictions: JSONL, one sentence a line, {"id": ..., "spans": [[start, end_inclusive, label], ...]}, where a score and a
text may follow the label; `zsbench score` also takes the gold's sentences with predicted tags as CoNLL columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from zsbench.config import catalog
from zsbench.config.blocks import Block, Chain
from zsbench.config.components import option_defaults
from zsbench.config.options import AnyTexts, Text, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.drawing import Drawing, Spans
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.records import Score, TaskData, canonical_json, digest
from zsbench.data.clusters import taken
from zsbench.data.sentences.borders import Borders
from zsbench.data.sentences.sentence import Mention, Sentence, SentenceSet
from zsbench.methods.ner import Problem, Rule
from zsbench.metrics import naming
from zsbench.metrics.metric import Metric
from zsbench.metrics.spans.mentions import Mentions
from zsbench.tasks.base import BaseTask, read_names, require_unique, sample
from zsbench.tasks.formats.spans import Spans as SpanLines
from zsbench.tasks.ner._familiarity import Familiarity, TrainingLabels, of_model
from zsbench.tasks.ner._gold import require as require_gold
from zsbench.tasks.ner._labels import Labels
from zsbench.tasks.ner._oddities import left_out, miscounted

DEFAULT_BATCH = 32
FURTHER = {"training set": "train", "validation set": "validation"}
"""What rules declare to use -> the task's key that names it."""
EVERY = "*"
"""In `F1(label=*)`: one metric a label."""


class Config(TaskConfig):
    """Keys of a `type: ner` task.

    `labels`: names asked, a list or a file; default all that occur in the gold. `label_map`: gold label -> name asked.
    `excluded_labels`: gold labels dropped from gold and predictions before anything else (`misc` in some papers).
    `merged_labels`: names that several gold labels are asked as on purpose. `lower_case`: names in small letters.
    `nested`: gold spans may share words.
    `train` and `validation` are data blocks like `data`, for rules that learn or choose.
    `familiarity`: training labels, `{training: FILE, embedder: MODEL, k, weighting, short}`, to say beside F1 how near
    the labels asked are to them; a model's YAML may name its own.
    """

    data_keys: ClassVar[tuple[str, ...]] = ("train", "validation")

    method: Any = "span-threshold"
    metrics: Texts = ["F1", "precision", "recall", "F1(average=macro)"]
    labels: Texts | Text | None = None
    label_map: dict[Text, Text] = {}
    excluded_labels: AnyTexts = []
    merged_labels: AnyTexts = []
    lower_case: bool = False
    nested: bool = False
    train: Any = None
    validation: Any = None
    familiarity: Familiarity | None = None


class Task(BaseTask[Config]):
    """Sentences; gold is a list of spans."""

    family: ClassVar[str] = "ner"
    gives: ClassVar[str] = "sentences"
    metric_kinds: ClassVar[tuple[str, ...]] = ("spans", "counts", "nervaluate", "nervaluate_counts", "texts", "oracle")
    shard_size: ClassVar[int] = 256
    unit: ClassVar[str] = "document"
    training_labels = staticmethod(of_model)

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self._labels = Labels(config.label_map, config.excluded_labels, config.merged_labels, config.lower_case)
        options = source.options
        columns = {key: value for key, value in options.items() if key != "path"} if source.name == "conll" else {}
        self.format = self._lines = SpanLines(self._labels.unknown, columns, _borders(source))
        self._doubt = ""
        self._training: TrainingLabels | None = None
        if config.familiarity is not None and config.familiarity.training is not None:
            where = config.document.where
            self._training = TrainingLabels(config.familiarity, config.familiarity.training, config.folder, where)

    def files_by_place(self) -> list[tuple[str, list[str]]]:
        """Return the files of data and labels, and those behind familiarity."""
        return super().files_by_place() + (self._training.files_by_place() if self._training else [])

    def named_files(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the file that names the labels, if one does."""
        return [(("labels",), [str(self.config.path("labels"))])] if isinstance(self.config.labels, str) else []

    def require_readable(self) -> None:
        """Refuse training labels without counts, or malformed ones, before a model is loaded."""
        if self._training:
            self._training.require_readable()

    def protocol(self, *, given: bool = False) -> str:
        """Return what was excluded and how labels are worded: rows that differ in either do not compare."""
        config = self.config
        choices = ", labels of the gold" if config.labels is None else ""
        choices += f", without {', '.join(config.excluded_labels)}" if config.excluded_labels else ""
        choices += ", labels in small letters" if config.lower_case else ""
        choices += ", nested gold" if config.nested else ""
        wording = self._labels.wording(config.labels if isinstance(config.labels, list) else None)
        return f"exact spans{choices}" + (f"; asked: {wording}" if wording else "")

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read sentences and gold spans; gold labels are mapped and checked against the labels asked.

        Raises
        ------
        UserError
            A label of the config or of a metric stands nowhere, a gold label is not asked, there is none at all, gold
            labels become one by chance, or gold spans share words although they are not nested.
        """
        sentences: SentenceSet = self.source.build()
        require_unique(sentences.items, self.source.where)
        where = self.config.document.where
        self._labels.require_used(sentences.known(), where)
        self._labels.require_distinct(sentences.known(), where)
        gold = [self._labels.gold(spans) for spans in sentences.spans]
        named = read_names(self.config.labels, self.config.folder("labels"), where(("labels",)))
        labels = self._labels.ask(
            named, SentenceSet(sentences.items, gold).labels(), where(("labels",)), self.source.where
        )
        require_gold(sentences, gold, labels, nested=self.config.nested)
        keep = sample(len(sentences.items), limit, seed)
        items, spans = [sentences.items[i] for i in keep], [gold[i] for i in keep]
        rows = (_described(item, row) for item, row in zip(items, spans, strict=True))
        judged = self._judged()
        counts = dict(sentences.counts or {})
        counts |= {f"gold spans labelled '{x}'": sum(span[2] == x for row in spans for span in row) for x in judged}
        clusters = taken(sentences.clusters, keep, len(sentences.items))
        problem = Problem(labels) if score_only else self._problem(labels)
        return TaskData(items, spans, problem, digest([*labels, *rows]), counts, clusters=clusters)

    def _problem(self, labels: Sequence[str]) -> Problem:
        """Return the labels with the further data, in the wording that is asked."""
        sources = self.config.sources()
        train: SentenceSet | None = sources["train"].build() if "train" in sources else None
        validation: SentenceSet | None = sources["validation"].build() if "validation" in sources else None
        if train is not None:
            train = replace(train, spans=[self._labels.worded(spans) for spans in train.spans])
        if validation is not None:
            validation = replace(validation, spans=[self._labels.gold(spans) for spans in validation.spans])
            require_gold(validation, validation.spans, labels, nested=self.config.nested)
        same = validation is not None and sources["validation"].described() == self.source.described()
        return Problem(labels, train, validation, chosen_on_test=same)

    def lacks(self, method: Chain) -> tuple[str, str]:
        """Say which data a method learns from or chooses with that the task does not have, or which label it names."""
        uses = {use for link in method.links for use in link.facts.uses}
        for use, key in FURTHER.items():
            if use in uses and getattr(self.config, key) is None:
                return f"{method.title}: no {use}", f"`{key}:` in the task's YAML"
        asked = self.config.labels
        if isinstance(asked, list):
            for label in (label for part in method.parts for label in part.options.get("thresholds", ())):
                if label not in asked:
                    near = did_you_mean(label, asked) or ", ".join(asked)
                    return f"{method.title}: a threshold of label '{label}', which is asked nowhere", near
        return "", ""

    def metric_names(self, names: Sequence[str]) -> list[str]:
        """Return the metrics; one of `label=*` stands for one of every label asked that is not excluded."""
        single = [label for label in self._labels.asked if label not in self._labels.excluded]
        spelled: list[str] = []
        for name in names:
            every = _asked(naming.resolve(name, kinds=self.metric_kinds), "label") == EVERY
            spelled += [name.replace(f"label={EVERY}", f"label={label}") for label in single] if every else [name]
        return spelled

    def _judged(self) -> list[str]:
        """Return the labels that metrics speak of alone, each of which has to be asked."""
        labels: dict[str, None] = {}
        for number, name in enumerate(self.config.metrics):
            where = self.config.document.where(("metrics", number))
            for single in self.metric_names([name]):
                label = _asked(naming.resolve(single, kinds=self.metric_kinds, where=where), "label")
                if label is None:
                    continue
                if label not in self._labels.asked or label in self._labels.excluded:
                    near = did_you_mean(label, self._labels.asked)
                    raise UserError(where, f"metric '{name}': no label '{label}'", ", ".join(self._labels.asked), near)
                labels[label] = None
        return list(labels)

    def reach(self, model: Any, data: TaskData) -> dict[str, int]:
        """Count what is longer than a model reads or answers."""
        words, width = getattr(model, "max_words", None), getattr(model, "max_width", None)
        ends = [span[:2] for gold in data.gold for span in gold if span[0] is not None]
        counts: dict[str, int] = {}
        if words is not None:
            counts[f"sentences longer than the model's {words} words"] = sum(len(i.words) > words for i in data.items)
            counts[f"gold spans past the model's {words} words"] = sum(end >= words for _, end in ends)
        if width is not None:
            name = f"gold spans wider than the model's {width} words"
            counts[name] = sum(end - start >= width for start, end in ends)
        return {what: n for what, n in counts.items() if n}

    def predict(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[list[Mention]]:
        """Yield the spans of each sentence."""
        size = DEFAULT_BATCH if run.batch_size == "auto" else int(run.batch_size)
        tag = rule(model, data.context, run)
        for start in range(todo.start, todo.stop, size):
            batch = data.items[start : min(start + size, todo.stop)]
            yield from tag(batch)
            run.progress(start + len(batch))

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield predicted and gold mentions of all sentences, with texts, without excluded labels on either side."""
        answered = list(predictions)
        scored = [self._labels.scored(spans) for spans in answered]
        dropped = sum(map(len, answered)) - sum(map(len, scored))
        data.counts.update(self._lines.counts)
        data.counts.update({"predicted spans of excluded labels": dropped} if dropped else {})
        metrics = [naming.resolve(name, kinds=self.metric_kinds) for name in self.metric_names(self.config.metrics)]
        thresholds = [asked for metric in metrics if (asked := _asked(metric, "threshold")) is not None]
        self._require_scores(metrics, data.items, scored)
        self._doubt = miscounted(scored, data.gold) or left_out(scored, thresholds)
        pred, gold = ([_with_texts(*row) for row in zip(data.items, side, strict=True)] for side in (scored, data.gold))
        yield Mentions(pred), Mentions(gold)

    def _require_scores(self, metrics: Sequence[Metric], items: Sequence[Sentence], scored: Sequence[Any]) -> None:
        """Refuse predictions without scores where a metric looks at them, with the first sentence that has one."""
        judging = next((metric.name for metric in metrics if _looks_at_scores(metric)), None)
        if judging is None:
            return
        for item, spans in zip(items, scored, strict=True):
            span = next((Mention(*span) for span in spans if Mention(*span).score is None), None)
            if span is not None:
                where = self._lines.places.get(item.id, self.source.where)
                found = f"sentence {item.id}: span {span.row()[:3]} has no score, which {judging} looks at"
                raise UserError(where, found, "a score behind the label, from 0 to 1")

    def summary(self, data: TaskData, predictions: Sequence[Any]) -> dict[str, Any]:
        """Return the familiarity of the labels, where training labels are named and there is a gold span."""
        if self._training is None or not any(data.gold):
            return {}
        [(pred, gold)] = self.chunks(data, predictions)
        return {"familiarity": self._training.beside(pred, gold)}

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say that spans seem to be counted in another way, or left out above a threshold that a metric asks for."""
        return self._doubt

    def gold_text(self, item: Any, gold: Any, data: TaskData) -> str:
        """Return the spans with their labels."""
        return _spelled(item, gold)

    def draw(self, item: Any, gold: Any, prediction: Any, data: TaskData) -> Drawing:
        """Show the words with the gold's spans and the predicted ones, without labels that are left out of both."""
        predicted = self._labels.scored(prediction)
        texts = [_spelled(item, spans) for spans in (gold, predicted)]
        labels = sorted({span[2] for span in gold})
        placed = [[tuple(span[:3]) for span in spans if span[0] is not None] for spans in (gold, predicted)]
        return Drawing([Spans(item.words, *placed)], texts[0], texts[1], labels)

    @classmethod
    def gold_source(cls, path: str) -> dict[str, Any]:
        """Read JSONL, or CoNLL columns when the file has another suffix."""
        return {"source": "jsonl-sentences" if ".jsonl" in Path(path).suffixes else "conll", "path": path}


def _borders(source: Block) -> Borders | None:
    """Return what a source's borders are, or None where it has no such option."""
    return source.options.get("borders", option_defaults(catalog.load_component("data", source.name)).get("borders"))


def _looks_at_scores(metric: Metric) -> bool:
    return _asked(metric, "threshold") is not None or metric.name.startswith("oracle-")


def _described(item: Sentence, spans: Sequence[Any]) -> str:
    """Return a sentence and its gold as text, for the data's fingerprint."""
    rows = [span.row() if isinstance(span, Mention) else span for span in spans]
    return canonical_json([item.id, item.words, rows] + ([] if item.text is None else [item.text]))


def _with_texts(item: Sentence, spans: Sequence[Any]) -> list[Mention]:
    """Return spans as mentions that say how they are written."""
    mentions = [Mention(*span) for span in spans]
    return [
        m if m.text is not None else m._replace(text="" if m.start is None else item.spelled(m.start, m.end or 0))
        for m in mentions
    ]


def _spelled(item: Sentence, spans: Sequence[Any]) -> str:
    """Return spans as they are written, with their labels, in the order of the sentence."""
    mentions = sorted(_with_texts(item, spans), key=lambda m: (m.start is None, m.start, m.end, m.label))
    return "; ".join(f"{mention.text} ({mention.label})" for mention in mentions)


def _asked(metric: Metric, parameter: str) -> Any:
    """Return what a metric's name gives for a parameter, such as the one label that it speaks of; None for nothing."""
    keywords: dict[str, Any] = getattr(metric.statistics, "keywords", {})
    return keywords.get(parameter)
