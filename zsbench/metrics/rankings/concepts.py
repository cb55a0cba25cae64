"""How finding goes with how often concepts stand in pretraining data: rankings against `Relevant` with concepts.

What is right of a query is hit@k; a concept's value is the mean over the queries that are about it, and concepts are
what is drawn again for intervals. Queries that are about none are undefined.

Source: Udandarao et al. 2024, arXiv:2404.04125, section 2.1; `frequency_trend` has the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.config.options import Cutoff, ProperShare
from zsbench.core.lazy import BoolArray, DoubleArray, np
from zsbench.metrics.by_concept import MEAN_OF_CONCEPTS, NONE, RHO_OF_CONCEPTS, SLOPE_OF_CONCEPTS
from zsbench.metrics.metric import metric
from zsbench.metrics.rankings.positives import Ties
from zsbench.metrics.rankings.retrieval import Concepts, Query, Rankings, Relevant, hit
from zsbench.metrics.tails import FRACTION, tail

OF_FREQUENCY = ("slope-per-decade", "frequency-spearman", "tail-hit", "head-hit")


def _statistics(
    rankings: Rankings,
    gold: Sequence[Relevant],
    k: int,
    query: Query,
    ties: Ties,
    among: BoolArray | None = None,
) -> DoubleArray:
    """Return statistics as `by_concept` reads them, of the concepts `among` (n_concepts,); by default of all.

    Raises
    ------
    ValueError
        Queries have no concepts.
    """
    known = _known(gold)
    counts = known[0].counts
    numbers = np.stack([one.numbers for one in known]).astype(np.float64)
    place = np.maximum(numbers, 0).astype(np.int64)
    if among is not None:
        numbers[~among[place]] = NONE
    right = np.where((numbers != NONE).any(axis=1), hit(rankings, gold, k=k, query=query, ties=ties), np.nan)
    pairs = np.stack([numbers, np.where(numbers == NONE, 0, counts[place])], axis=2).reshape(len(gold), -1)
    return np.concatenate([pairs[:, :1], right[:, None], pairs[:, 1:]], axis=1)


def _known(gold: Sequence[Relevant]) -> list[Concepts]:
    known = [row.concepts for row in gold if row.concepts is not None]
    if len(known) < len(gold):
        raise ValueError("queries have no concepts with counts, as `frequency:` and `concepts:` in the task name them")
    return known


@metric("slope-per-decade", better="lower", right=1, **SLOPE_OF_CONCEPTS)
def slope_per_decade(
    rankings: Rankings, gold: Sequence[Relevant], *, k: Cutoff, query: Query = "", ties: Ties = "worst"
) -> DoubleArray:
    """How much more often queries about a concept find something for ten times the count, by least squares.

    Undefined with fewer than three concepts or equal counts.

    Examples
    --------
    >>> about = [Concepts(np.array([n]), np.array([1, 10, 100])) for n in range(3)]
    >>> gold = [Relevant(frozenset("a"), concepts=concepts) for concepts in about]
    >>> rankings = [{"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 2.0}]
    >>> round(slope_per_decade.metric.reduce(slope_per_decade(rankings, gold, k=1)), 3)  # values 0, 0, 1
    0.5
    """
    return _statistics(rankings, gold, k, query, ties)


@metric("frequency-spearman", unit="", better="lower", right=1, **RHO_OF_CONCEPTS)
def frequency_spearman(
    rankings: Rankings, gold: Sequence[Relevant], *, k: Cutoff, query: Query = "", ties: Ties = "worst"
) -> DoubleArray:
    """Correlation of the ranks of count and hit rate over concepts, from -1 to 1.

    Undefined with fewer than three concepts, equal counts or equal rates.

    Examples
    --------
    >>> about = [Concepts(np.array([n]), np.array([1, 10, 100])) for n in range(3)]
    >>> gold = [Relevant(frozenset("a"), concepts=concepts) for concepts in about]
    >>> rankings = [{"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 2.0}]
    >>> round(frequency_spearman.metric.reduce(frequency_spearman(rankings, gold, k=1)), 3)
    0.866
    """
    return _statistics(rankings, gold, k, query, ties)


@metric("tail-hit", right=1, **MEAN_OF_CONCEPTS)
def tail_hit(
    rankings: Rankings,
    gold: Sequence[Relevant],
    *,
    k: Cutoff,
    query: Query = "",
    ties: Ties = "worst",
    fraction: ProperShare = FRACTION,
) -> DoubleArray:
    """Hit rate of a concept, averaged over the rarest: floor(fraction n) + 1 of n, equal counts in order of names.

    Examples
    --------
    >>> about = [Concepts(np.array([n]), np.array([1, 10, 100])) for n in range(3)]
    >>> gold = [Relevant(frozenset("a"), concepts=concepts) for concepts in about]
    >>> rankings = [{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 2.0}, {"a": 3.0, "b": 2.0}]
    >>> tail_hit.metric.reduce(tail_hit(rankings, gold, k=1)), head_hit.metric.reduce(head_hit(rankings, gold, k=1))
    (0.0, 1.0)
    """
    return _statistics(rankings, gold, k, query, ties, tail(_known(gold)[0].counts, fraction))


@metric("head-hit", right=1, **MEAN_OF_CONCEPTS)
def head_hit(
    rankings: Rankings,
    gold: Sequence[Relevant],
    *,
    k: Cutoff,
    query: Query = "",
    ties: Ties = "worst",
    fraction: ProperShare = FRACTION,
) -> DoubleArray:
    """Hit rate of a concept, averaged over all concepts that are not in the tail.

    Examples
    --------
    >>> about = [Concepts(np.array([n]), np.array([1, 10, 100])) for n in range(3)]
    >>> gold = [Relevant(frozenset("a"), concepts=concepts) for concepts in about]
    >>> rankings = [{"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 2.0}]
    >>> head_hit.metric.reduce(head_hit(rankings, gold, k=1))
    0.5
    """
    return _statistics(rankings, gold, k, query, ties, ~tail(_known(gold)[0].counts, fraction))
