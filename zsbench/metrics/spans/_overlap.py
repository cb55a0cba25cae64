"""Which predicted span answers for which gold one where they need only overlap: greedily, in the order of the sentence.

Predicted spans take their turn; each consumes a gold span of its sentence that overlaps it and is still free. Where a
predicted and a gold span overlap each other and nothing else, there is nothing to choose, and all such pairs are
settled at once; the few others are walked through one by one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, NamedTuple

from zsbench.core.lazy import BoolArray, IntArray, np
from zsbench.metrics.spans.mentions import Sides, joint

Mode = Literal["strict", "exact", "partial", "type"]
Matching = Literal["first", "best"]
SPURIOUS, UNLIKE, CORRECT = 0, 1, 2
"""What becomes of a predicted span: it overlaps no free gold span, or one that does not fit, or one that does."""


class Pairs(NamedTuple):
    """Predicted and gold rows that overlap enough, ordered by the turn of the predicted and then by that of the gold.

    Attributes
    ----------
    pred, gold : numbers of their rows, (n_pairs,).
    turns : the place of each pair's predicted row in the order of the sentence, (n_pairs,).
    same_borders, same_label : (n_pairs,) of bool.
    apart : by how many words their borders differ, start and end together, (n_pairs,).
    """

    pred: IntArray
    gold: IntArray
    turns: IntArray
    same_borders: BoolArray
    same_label: BoolArray
    apart: IntArray

    def fitting(self, mode: Mode) -> BoolArray:
        """Return which pairs are what a mode asks for, (n_pairs,) of bool."""
        if mode == "type":
            return self.same_label
        return self.same_borders & self.same_label if mode == "strict" else self.same_borders

    def within_labels(self) -> Pairs:
        """Return the pairs whose labels agree: the matching of each label by itself."""
        return Pairs._make(column[self.same_label] for column in self)


def overlapping(both: Sides, min_overlap: float, *, as_written: bool) -> Pairs:
    """Return the pairs that share at least `min_overlap` percent of the gold span's words.

    `as_written` keeps both sides in the order in which they stand; otherwise a sentence's spans are in the order of
    start, end and label.
    """
    pred, gold = _candidates(both)
    starts, ends = ((left[pred], right[gold]) for left, right in both.borders)
    shared = np.minimum(*ends) - np.maximum(*starts) + 1
    enough = shared / (ends[1] - starts[1] + 1) * 100.0 >= min_overlap
    turns = _turns(both, as_written=as_written)
    chosen = np.flatnonzero((shared > 0) & enough)
    chosen = chosen[np.lexsort((turns[1][gold[chosen]], turns[0][pred[chosen]]))]
    apart = np.abs(starts[0] - starts[1]) + np.abs(ends[0] - ends[1])
    pred, gold, apart = pred[chosen], gold[chosen], apart[chosen]
    return Pairs(pred, gold, turns[0][pred], apart == 0, both.labels[0][pred] == both.labels[1][gold], apart)


def _candidates(both: Sides) -> tuple[IntArray, IntArray]:
    """Return rows of the same sentences of which the gold one begins where it may reach the predicted one."""
    (p_start, p_end, p_placed), (g_start, g_end, g_placed) = both.pred.places, both.gold.places
    pred, gold = np.flatnonzero(p_placed), np.flatnonzero(g_placed)
    stride = int(max(p_end.max(initial=0), g_end.max(initial=0))) + 2
    offsets = both.pred.sentences[pred] * stride
    starts = both.gold.sentences[gold] * stride + g_start[gold]
    gold, starts = gold[order := np.argsort(starts, kind="stable")], starts[order]
    widest = int((g_end[gold] - g_start[gold]).max(initial=0))
    low = np.searchsorted(starts, offsets + np.maximum(p_start[pred] - widest, 0))
    high = np.searchsorted(starts, offsets + p_end[pred], side="right")
    sizes = np.maximum(high - low, 0)
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(pred, sizes), gold[np.repeat(low, sizes) + within]


def _turns(both: Sides, *, as_written: bool) -> list[IntArray]:
    """Return the place of each row in the order in which rows take their turn, predicted and gold."""
    if as_written:
        return [np.arange(len(labels)) for labels in both.labels]
    orders = [np.argsort(keys, kind="stable") for keys in joint(both.sentences, *both.borders, both.labels)]
    turns = [np.empty_like(order) for order in orders]
    for order, turn in zip(orders, turns, strict=True):
        turn[order] = np.arange(len(order))
    return turns


def matched(pairs: Pairs, mode: Mode, matching: Matching, n_pred: int, n_gold: int) -> tuple[IntArray, BoolArray]:
    """Return what becomes of each predicted row, (n_pred,), and which gold rows are consumed, (n_gold,) of bool.

    Parameters
    ----------
    matching : the gold span that is consumed is the `first` free one that overlaps, or the `best`: the first that fits,
        of the same label the one whose borders are nearest, and the first that overlaps where none fits.
    """
    fits = pairs.fitting(mode)
    outcomes, consumed = np.full(n_pred, SPURIOUS), np.zeros(n_gold, dtype=bool)
    per_pred, per_gold = np.bincount(pairs.pred, minlength=n_pred), np.bincount(pairs.gold, minlength=n_gold)
    alone = (per_pred[pairs.pred] == 1) & (per_gold[pairs.gold] == 1)
    outcomes[pairs.pred[alone]] = np.where(fits[alone], CORRECT, UNLIKE)
    consumed[pairs.gold[alone]] = True
    rest = np.flatnonzero(~alone)
    begins = np.flatnonzero(np.diff(pairs.turns[rest], prepend=-1))
    apart = pairs.apart[rest] if matching == "best" else None
    answers, taken = _in_turn([*begins.tolist(), len(rest)], pairs.gold[rest], fits[rest], apart)
    outcomes[pairs.pred[rest[begins]]] = answers
    consumed[taken] = True
    return outcomes, consumed


def _in_turn(ends: list[int], gold: IntArray, fits: BoolArray, apart: IntArray | None) -> tuple[list[int], list[int]]:
    """Return what becomes of each predicted span and which gold spans are consumed, one after the other.

    Parameters
    ----------
    ends : where the pairs of each predicted span begin, and where the last one's end.
    apart : by what the best of those that fit is chosen; None where the first of all is.
    """
    golds, fitting, distances = gold.tolist(), fits.tolist(), [] if apart is None else apart.tolist()
    answers: list[int] = []
    taken: dict[int, None] = {}
    for first, last in pairwise(ends):
        free = [pair for pair in range(first, last) if golds[pair] not in taken]
        if not free:
            answers.append(SPURIOUS)
            continue
        suited = [pair for pair in free if fitting[pair]] if distances else []
        chosen = min(suited, key=distances.__getitem__) if suited else free[0]
        answers.append(CORRECT if fitting[chosen] else UNLIKE)
        taken[golds[chosen]] = None
    return answers, list(taken)
