"""Training types of easy, medium and hard transfer to benchmarks, by how near they are to the benchmarks' types.

For every training type t and benchmark B with cosines s_e from 0 to 1 to the types e of B:

    entropy = -sum_e p_e ln(p_e + 1e-10),  p = softmax(s / 0.01)      low: t is near one type of B alone
    max     = max_e s_e                                               high: t is near some type of B

Quantiles (linear) are taken over all rows (t, B) of the training set, the benchmarks pooled, and applied to each row:

    entropy   easy <= q.01    medium in [q.495, q.505]    hard >= q.95
    max       hard <= q.05    medium in [q.495, q.505]    easy >= q.99

The first that holds counts, in the order low, middle, high. A type that is selected for any benchmark is kept; mentions
of other types are taken out, and sentences that are left without mentions dropped.

Source: Golde et al. 2025 (NAACL), arXiv:2412.10121, and flairNLP/familiarity (create_splits_of_verying_difficulty.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from zsbench.core.errors import UserError
from zsbench.core.lazy import AnyFloatArray, DoubleArray, np
from zsbench.data.sentences.sentence import Sentence, SentenceSet, Span

Rule = Literal["entropy", "max"]
Difficulty = Literal["easy", "medium", "hard", "none"]
Thresholds = tuple[float, float, float, float]
"""Up to the first is low, from the second to the third middle, from the fourth high."""

DIFFICULTIES: tuple[Difficulty, ...] = ("easy", "medium", "hard")
_TEMPERATURE = 0.01
_QUANTILES = {"entropy": (0.01, 0.495, 0.505, 0.95), "max": (0.05, 0.495, 0.505, 0.99)}
_ORDER: dict[str, tuple[Difficulty, ...]] = {"entropy": ("easy", "medium", "hard"), "max": ("hard", "medium", "easy")}


def score(similarities: AnyFloatArray, rule: Rule) -> DoubleArray:
    """Return the score of every training type for one benchmark, (n_training,), from cosines (n_types, n_training)."""
    cosines = np.asarray(similarities, dtype=np.float64)
    if rule == "max":
        return np.asarray(cosines.max(axis=0))
    raised = np.exp((cosines - cosines.max(axis=0)) / _TEMPERATURE)
    share = raised / raised.sum(axis=0)
    return np.asarray(-(share * np.log(share + 1e-10)).sum(axis=0))


def thresholds(scores: DoubleArray, rule: Rule) -> Thresholds:
    """Return the quantiles of the scores of all benchmarks together."""
    low, middle_from, middle_to, high = np.quantile(scores, _QUANTILES[rule]).tolist()
    return low, middle_from, middle_to, high


def difficulties(scores: DoubleArray, limits: Thresholds, rule: Rule) -> list[Difficulty]:
    """Return the difficulty of every score, `none` where it is in no range."""
    low, middle_from, middle_to, high = limits
    conditions = [scores <= low, (scores >= middle_from) & (scores <= middle_to), scores >= high]
    found: list[Difficulty] = np.select(conditions, _ORDER[rule], default="none").tolist()
    return found


@dataclass(frozen=True)
class Splits:
    """Training types by the difficulty of their transfer.

    Attributes
    ----------
    limits : the quantiles.
    types : those selected for any benchmark, in the order of the training types, by difficulty.
    by_benchmark : how many of them each benchmark selects, by difficulty.
    """

    rule: Rule
    limits: Thresholds
    types: dict[Difficulty, list[str]] = field(default_factory=dict)
    by_benchmark: dict[str, dict[Difficulty, int]] = field(default_factory=dict)


def split(similarities: Mapping[str, AnyFloatArray], training: Sequence[str], rule: Rule) -> Splits:
    """Return the training types of each difficulty.

    Parameters
    ----------
    similarities : by benchmark, cosines (n_types, n_training).
    training : the types.
    """
    scores = {name: score(cosines, rule) for name, cosines in similarities.items()}
    limits = thresholds(np.concatenate(list(scores.values())), rule)
    found = {name: difficulties(of_benchmark, limits, rule) for name, of_benchmark in scores.items()}
    types = {
        wanted: [t for number, t in enumerate(training) if any(row[number] == wanted for row in found.values())]
        for wanted in DIFFICULTIES
    }
    by_benchmark = {name: {wanted: row.count(wanted) for wanted in DIFFICULTIES} for name, row in found.items()}
    return Splits(rule, limits, types, by_benchmark)


def require_ranking(sizes: Mapping[str, int], rule: Rule) -> None:
    """Refuse a benchmark that ranks nothing: over one type the softmax is 1 and the entropy of every row is 0.

    Parameters
    ----------
    sizes : types of each benchmark, by name.

    Raises
    ------
    UserError
        The rule is entropy, and a benchmark has a single type.
    """
    single = next((name for name, size in sizes.items() if size == 1), None)
    if rule == "entropy" and single is not None:
        found = f"'{single}' has one label, over which the entropy of every training type is 0"
        raise UserError("--eval", found, "benchmarks of two labels or more, or --rule max")


def typed(label: str) -> str:
    """Return the type that a training label is taken for: in small letters, without blanks around it."""
    return label.lower().strip()


@dataclass(frozen=True)
class Filtered:
    """A training set with mentions of some types alone; `dropped` sentences had none."""

    sentences: list[tuple[Sentence, list[Span]]]
    dropped: int
    mentions: int


def filtered(training: SentenceSet, types: Collection[str]) -> Filtered:
    """Return the sentences of a training set with their mentions of `types`; those that have none are dropped."""
    wanted = set(types)
    kept = []
    for sentence, spans in zip(training.items, training.spans, strict=True):
        left = [span for span in spans if typed(span[2]) in wanted]
        if left:
            kept.append((sentence, left))
    return Filtered(kept, len(training.items) - len(kept), sum(len(spans) for _, spans in kept))
