"""How familiar the labels of a task were from training: a column beside F1, and how the two go together by label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zsbench.config import validate
from zsbench.config.models import named
from zsbench.config.options import Text
from zsbench.config.paths import resolve_path
from zsbench.core import cache
from zsbench.core.errors import UserError
from zsbench.core.records import canonical_json, digest
from zsbench.core.yamlio import Document
from zsbench.data.label_counts import read_counts
from zsbench.metrics.correlation import pearson, spearman
from zsbench.metrics.spans import spans
from zsbench.metrics.spans.mentions import Rows
from zsbench.models import runtime
from zsbench.models.capabilities import TextEncoder
from zsbench.search import label_familiarity


class Familiarity(label_familiarity.Options):
    """What a model was trained on, and how near to it labels are.

    `training`: JSON {label: mentions} of the training set; without it nothing is measured. `embedder`: the text encoder
    that compares labels. The rest is as `zsbench familiarity` takes it. A model's YAML may hold the same keys, which
    stand under those of the task.
    """

    training: Text | None = None
    embedder: Text = "all-mpnet-base-v2"


class TrainingLabels:
    """The training labels that a task or model names, and the embedder that compares them; nothing is read yet.

    Parameters
    ----------
    keys : the `familiarity:` of task and model.
    training : the file that it names.
    folder : gives the folder where a key's relative paths start.
    where : the place of a key, for messages.

    Raises
    ------
    UserError
        No such embedder, or a model that encodes no texts.
    """

    def __init__(
        self, keys: Familiarity, training: str, folder: Callable[..., Path], where: Callable[[tuple[str, ...]], str]
    ) -> None:
        self._keys, self._where = keys, where
        place = ("familiarity", "training")
        self._path = resolve_path(training, folder(*place), where=where(place))
        place = ("familiarity", "embedder")
        self._encoder, self._files = named(keys.embedder, TextEncoder, base=folder(*place), where=where(place))

    def files_by_place(self) -> list[tuple[str, list[str]]]:
        """Return the local files that familiarity comes from, with the place of the key that names them."""
        named_by = {"training": [str(self._path)], "embedder": self._files}
        return [(self._where(("familiarity", key)), files) for key, files in named_by.items()]

    def require_readable(self) -> None:
        """Refuse counts that are none; a file that is not there is said by who asks for the files.

        Raises
        ------
        UserError
            As `read_counts`.
        """
        if self._path.is_file():
            read_counts(self._path)

    def beside(self, pred: Rows, gold: Rows) -> dict[str, Any]:
        """Return familiarity and F1 of every label of the gold, macro values, and the correlations of both.

        Parameters
        ----------
        pred, gold : mentions of all sentences, gold ones labelled as models are asked for them.

        Raises
        ------
        UserError
            The counts are none, or a label has no finite vector.
        """
        f1 = _f1_by_label(pred, gold)
        training = read_counts(self._path)
        options = label_familiarity.Options(**self._keys.model_dump(exclude={"training", "embedder"}))
        store, name = cache.current(), self._keys.embedder
        found = label_familiarity.measured(self._loaded(), list(f1), training, options, cache=store, name=name)
        values = list(found.values.values())
        correlations = {"pearson": pearson(values, list(f1.values())), "spearman": spearman(values, list(f1.values()))}
        by_label = {
            label: {"familiarity": found.values[label], "F1": f1[label], "in_training": found.in_training[label]}
            for label in f1
        }
        sizes = {"labels": found.n_training, "mentions": found.mentions}
        odd = [*found.compared.training.doubts(), *found.compared.evaluation.doubts()]
        warnings = [*filter(None, [found.warning]), *odd]
        warning = {"warning": "; ".join(warnings)} if warnings else {}
        return {
            "macro": found.macro,
            "overlap": found.overlap,
            **correlations,
            **options.model_dump(),
            "k_effective": found.k_effective,
            "embedder": name,
            "training": {"file": self._path.name, **sizes},
            "by_label": by_label,
            **warning,
        }

    def _loaded(self) -> Any:
        """Return the embedder, loaded once for all jobs of a command."""
        place = [runtime.runtime_dtype(), self._encoder.where]
        key = digest(["label-embedder", canonical_json([self._encoder.resolved(), self._encoder.described(), place])])
        memory = cache.current().memory
        if key not in memory:
            memory[key] = self._encoder.build()
        return memory[key]


def of_model(part: Document) -> TrainingLabels:
    """Return the training labels that the `familiarity:` of a model's YAML names.

    Raises
    ------
    UserError
        A key is wrong, no training labels are named, or the embedder is none.
    """
    keys = validate.check(Familiarity, part)
    if keys.training is None:
        raise UserError(part.where(()), "key 'familiarity' names no training labels", "training: FILE")
    return TrainingLabels(keys, keys.training, lambda *loc: part.folder(loc[1:]), lambda loc: part.where(loc[1:]))


def _f1_by_label(pred: Rows, gold: Rows) -> dict[str, float]:
    """Return the F1 of every label that the gold has, sorted by label."""
    labels, counts = spans.counts_by_label(pred, gold)
    sums: Mapping[str, Any] = dict(zip(labels, counts.sum(axis=0).reshape(-1, 3).tolist(), strict=True))
    return {label: 2 * tp / (2 * tp + fp + fn) for label, (tp, fp, fn) in sums.items() if tp + fn}
