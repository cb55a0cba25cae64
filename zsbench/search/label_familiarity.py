"""The familiarity of a set of evaluation labels: values by label, what is near them, and how much there is to compare.

Evaluation labels are as models are asked for them, training labels verbatim; `metrics/familiarity.py` has the formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zsbench.config.components import Strict
from zsbench.config.options import Cutoff
from zsbench.core.cache import Cache
from zsbench.core.lazy import np
from zsbench.metrics import familiarity
from zsbench.metrics.familiarity import Short, Weighting
from zsbench.models.capabilities import TextEncoder
from zsbench.search import label_vectors
from zsbench.search.label_vectors import Compared


class Options(Strict):
    """How familiarity is counted.

    `k`: mentions of the nearest training labels that count. `weighting`: how they weigh by their rank. `short`: where
    there are fewer than k mentions, the missing ones are 0 (`pad_zero`), or k is as many as there are (`truncate`).
    """

    k: Cutoff = 1000
    weighting: Weighting = "zipf"
    short: Short = "pad_zero"


@dataclass(frozen=True)
class Neighbour:
    """A training label near an evaluation label: its cosine, and its mentions."""

    label: str
    similarity: float
    mentions: int


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes
    ----------
    compared : how similar the labels are, and what is odd about them.
    values : the familiarity of every evaluation label, from 0 to 1.
    nearest : by evaluation label, the nearest training labels, the nearest first.
    in_training : by evaluation label, its mentions in training word by word; 0 where it is no training label.
    k_effective : mentions that the weights ran over.
    mentions, n_training : of the training set, in all.
    """

    options: Options
    compared: Compared
    values: dict[str, float]
    nearest: dict[str, list[Neighbour]]
    in_training: dict[str, int]
    k_effective: int
    mentions: int
    n_training: int

    @property
    def macro(self) -> float:
        """The plain mean over evaluation labels."""
        return float(np.mean(list(self.values.values())))

    @property
    def overlap(self) -> float:
        """The share of evaluation labels that are training labels, word by word."""
        return sum(n > 0 for n in self.in_training.values()) / len(self.in_training)

    @property
    def warning(self) -> str:
        """What to say where there are fewer than k mentions; mostly empty."""
        if self.mentions >= self.options.k:
            return ""
        done = "the missing ones count as 0" if self.options.short == "pad_zero" else f"k is {self.k_effective}"
        return f"{self.mentions} training mentions for k {self.options.k}: {done}"


def measured(
    model: TextEncoder,
    evaluation: Sequence[str],
    training: Mapping[str, int],
    options: Options,
    *,
    cache: Cache,
    name: str,
    neighbours: int = 3,
) -> Measured:
    """Return the familiarity of evaluation labels.

    Parameters
    ----------
    evaluation : at least one label, each once.
    training : mentions by label, each at least 1.
    cache, name : as `label_vectors.compared` takes them.
    neighbours : training labels named for each evaluation label.

    Raises
    ------
    UserError
        A label's vector is not finite.
    """
    labels, counts = list(training), np.array(list(training.values()), dtype=np.int64)
    compared = label_vectors.compared(model, evaluation, labels, cache=cache, name=name)
    similarities = compared.similarities
    how = options.model_dump()
    values = familiarity.familiarity(similarities, counts, **how)
    near = familiarity.nearest_labels(similarities, neighbours)
    nearest = {
        label: [Neighbour(labels[column], float(row[column]), int(counts[column])) for column in columns]
        for label, row, columns in zip(evaluation, similarities, near, strict=True)
    }
    return Measured(
        options,
        compared,
        dict(zip(evaluation, values.tolist(), strict=True)),
        nearest,
        {label: training.get(label, 0) for label in evaluation},
        familiarity.effective_k(counts, options.k, options.short),
        int(counts.sum()),
        len(labels),
    )
