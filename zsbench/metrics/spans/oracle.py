"""The best F1 that any threshold would have given: an oracle, because it is chosen on the very spans it is judged by.

Pred and gold are those of `spans`, the predictions with scores, decoded at a threshold so low that the best one lies
above it. The value is a bound on what a threshold can do, never a result to compare with one.

Statistics are the number of gold spans of a sentence, then score and rightness (1 or 0) of each of its predicted spans;
where it has fewer than others, rightness is -1.
"""

from __future__ import annotations

from zsbench.config.options import Text
from zsbench.core.lazy import BoolArray, DoubleArray, IntArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.spans._tally import span_keys
from zsbench.metrics.spans.mentions import Rows, sides
from zsbench.metrics.tallies import Weighted, Weights

_WORK_OF_A_SPAN = 10


def _by_score(statistics: DoubleArray) -> tuple[IntArray, BoolArray, IntArray]:
    """Return the items of the predicted spans from the highest score down, which are right, and the last of each score.

    Only scores that a right span has are levels: below one, a wrong span can but lower F1.
    """
    items, columns = np.nonzero(statistics[:, 2::2] >= 0)
    order = np.argsort(-statistics[:, 1::2][items, columns], kind="stable")
    items, columns = items[order], columns[order]
    scores, right = (statistics[:, first::2][items, columns] for first in (1, 2))
    last = np.flatnonzero(np.diff(scores, append=-np.inf))
    is_level = np.diff(np.cumsum(right)[last], prepend=0) > 0
    return items.astype(np.int64), right > 0, last[is_level].astype(np.int64)


def _weighted(statistics: DoubleArray) -> Weighted:
    items, right, last = _by_score(statistics)
    gold, hit = statistics[:, 0], items[right]
    last_hit = np.cumsum(right)[last] - 1

    def values(weights: Weights) -> DoubleArray:
        kept = np.cumsum(weights[items], axis=0, dtype=np.int32)[last]
        hits = np.cumsum(weights[hit], axis=0, dtype=np.int32)[last_hit]
        n_gold = np.asarray(gold @ weights)
        best = (2 * hits / np.maximum(kept + n_gold, 1)).max(axis=0, initial=0.0)
        return np.asarray(np.where(n_gold > 0, best, np.nan))

    return Weighted(values, len(statistics) + _WORK_OF_A_SPAN * len(items))


def _best(statistics: DoubleArray) -> float:
    return float(_weighted(statistics).values(np.ones((len(statistics), 1), dtype=np.int64))[0])


@metric("oracle-F1", of_items=_best, of_weights=_weighted)
def oracle_f1(pred: Rows, gold: Rows, *, label: Text | None = None) -> DoubleArray:
    """F1 of exact spans at the threshold that is best for these very spans: a bound, no result.

    Raises
    ------
    ValueError
        A prediction has no score.

    Examples
    --------
    >>> pred = [[(0, 1, "PER", 0.9), (3, 3, "LOC", 0.4), (8, 8, "LOC", 0.6)]]
    >>> oracle_f1.metric.compute(pred, [[(0, 1, "PER"), (8, 8, "LOC")]])
    1.0
    """
    both = sides(pred, gold)
    number, (keys, gold_keys) = both.number(label), span_keys(both)
    chosen, of_gold = (
        np.arange(len(labels)) if number is None else np.flatnonzero(labels == number) for labels in both.labels
    )
    # Of the same span predicted twice the surer one is kept, as a threshold between them would.
    chosen = chosen[np.argsort(-both.pred.scores[chosen], kind="stable")]
    chosen = np.sort(chosen[np.unique(keys[chosen], return_index=True)[1]])
    first_gold = of_gold[np.unique(gold_keys[of_gold], return_index=True)[1]]
    of_sentence = both.pred.sentences[chosen]
    position = np.arange(len(chosen)) - np.searchsorted(of_sentence, of_sentence)
    table = np.zeros((both.n, 1 + 2 * (int(position.max(initial=-1)) + 1)))
    table[:, 0] = np.bincount(both.gold.sentences[first_gold], minlength=both.n)
    table[:, 2::2] = -1
    table[of_sentence, 1 + 2 * position] = both.pred.scores[chosen]
    table[of_sentence, 2 + 2 * position] = np.isin(keys[chosen], gold_keys[of_gold])
    return table
