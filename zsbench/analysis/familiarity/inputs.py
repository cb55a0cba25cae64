"""What labels a training set has and how often, and which labels an evaluation asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from zsbench.analysis.familiarity import layouts
from zsbench.config import blocks, catalog
from zsbench.config.paths import resolve_path
from zsbench.core.errors import UserError, shown, unknown_name
from zsbench.core.yamlio import Document
from zsbench.data.label_counts import EXPECTED, read_counts, read_labels
from zsbench.data.sentences.sentence import SentenceSet
from zsbench.plan import references
from zsbench.plan.task_configs import read_task
from zsbench.tasks.ner.ner import Task

T = TypeVar("T")


def by_name(references: Sequence[str], read: Callable[[str, str], tuple[str, T]], where: str) -> dict[str, T]:
    """Return what `read` makes of each reference, by its name, or by the reference where several have one name.

    Raises
    ------
    UserError
        One is named twice, or cannot be read.
    """
    places = [resolve_path(reference, Path.cwd()).resolve() for reference in references]
    twice = next((each for n, each in enumerate(references) if places[n] in places[:n]), None)
    if twice is not None:
        raise UserError(where, f"'{twice}' is named twice", "each set once")
    found = {reference: read(reference, where) for reference in references}
    names = [name for name, _ in found.values()]
    return {reference if names.count(name) > 1 else name: value for reference, (name, value) in found.items()}


def training_counts(reference: str, where: str) -> tuple[str, dict[str, int]]:
    """Return the name of a training set and the mentions of its labels, verbatim.

    Parameters
    ----------
    reference : JSON `{label: count}`, a NER task by name or YAML, or a file of sentences (JSONL or CoNLL columns).
    where : the option that names it, for messages.

    Raises
    ------
    UserError
        There is none, it is no NER task, or it has no mentions.
    """
    path = _file(reference)
    if path is not None and is_counts(reference):
        return _name(path), read_counts(path)
    name, sentences = training_sentences(reference, where)
    return name, mentions(sentences, reference, where)


def is_counts(reference: str) -> bool:
    """Say whether a training set is given by a file of counts alone."""
    path = _file(reference)
    return path is not None and ".json" in path.suffixes


def mentions(sentences: SentenceSet, reference: str, where: str) -> dict[str, int]:
    """Return how often each label is mentioned in sentences, by label, sorted.

    Raises
    ------
    UserError
        There is no mention; `reference` names the sentences.
    """
    counts = Counter(span[2].strip() for spans in sentences.spans for span in spans)
    if not counts:
        raise UserError(where, f"'{reference}' has no mention of an entity", "sentences with gold spans")
    return dict(sorted(counts.items()))


def training_sentences(reference: str, where: str) -> tuple[str, SentenceSet]:
    """Return the name of a training set and its sentences, labels verbatim.

    Raises
    ------
    UserError
        It has none (a list of counts), there is no such file or task, or the task is of another type.
    """
    path = _file(reference)
    if path is None:
        name, task = _task(reference, where)
        return name, task.source.build()
    if is_counts(reference):
        raise UserError(where, f"'{shown(path)}' holds counts, and no sentences", "a NER task, JSONL or CoNLL columns")
    return _name(path), _sentences(path, where)


def _sentences(path: Path, where: str) -> SentenceSet:
    """Return the sentences of a file.

    Raises
    ------
    UserError
        It holds none; lines of one column are labels, which have no counts.
    """
    if ".jsonl" not in path.suffixes and (labels := layouts.labels_alone(path)):
        found = f"labels alone, one a line ('{labels[0]}')"
        raise UserError(shown(path), found, f"{EXPECTED} in a .json file, or sentences, for training labels")
    home = Document(Path.cwd() / where, {"data": Task.gold_source(str(path.absolute()))})
    sentences: SentenceSet = blocks.block("data", home.value["data"], "source", home, ("data",)).build()
    return sentences


def evaluation_labels(reference: str, where: str) -> tuple[str, list[str]]:
    """Return the name of an evaluation and its labels.

    Parameters
    ----------
    reference : a list of labels (one a line, a JSON list, or JSON `{label: count}`, of which those with a mention), a
        file of sentences (JSONL or CoNLL columns), or a NER task, whose labels are those that occur in its gold,
        worded as models are asked for them.

    Raises
    ------
    UserError
        There is none, it is no NER task, or it has no labels.
    """
    path = _file(reference)
    if path is not None and (".jsonl" in path.suffixes or layouts.is_tagged(path)):
        name, counts = training_counts(reference, where)
        return name, list(counts)
    if path is not None:
        layouts.require_no_table(path)
        return _name(path), read_labels(path)
    name, task = _task(reference, where)
    data = task.load(limit=None, seed=0, score_only=True)
    labels = sorted({span[2] for spans in data.gold for span in spans})
    if not labels:
        raise UserError(where, f"task '{name}' has no gold spans", "a task with gold")
    return name, labels


def _task(reference: str, where: str) -> tuple[str, Any]:
    """Return a NER task's name and the task, its data unread."""
    known = catalog.configs("tasks")
    if reference not in known and not reference.endswith((".yaml", ".yml")):
        of_family = [name for name, entry in known.items() if entry.family == "ner"]
        raise unknown_name(where, "file or NER task", reference, of_family, listed_by="zsbench show ner")
    home = Document(Path.cwd() / where, {})
    name, document = references.task_document(reference, home, ())
    config, source = read_task(document)
    if config.type != "ner":
        raise UserError(where, f"'{reference}' is a task of type {config.type}", "a task of type ner")
    return name, Task(config, source)  # type: ignore[arg-type]


def _file(reference: str) -> Path | None:
    """Return the file that a reference is the path of; None for the name or the YAML of a task."""
    if reference.endswith((".yaml", ".yml")) or reference in catalog.configs("tasks"):
        return None
    path = resolve_path(reference, Path.cwd())
    return path if path.exists() or path.suffix or "/" in reference else None


def _name(path: Path) -> str:
    """Return what tables call a file: without endings, and with its folder where many are called alike."""
    stem = path.name.partition(".")[0]
    return f"{path.absolute().parent.name}/{stem}" if stem in ("train", "test", "dev", "label_counts") else stem
