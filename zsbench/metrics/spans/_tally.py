"""Counts of things, such as spans that are right, too much or missing: sums over sentences and labels."""

from __future__ import annotations

from dataclasses import dataclass

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.spans.mentions import Columns, Mentions, Sides, joint

COUNTS = ("tp", "fp", "fn")


def ratio(above: DoubleArray, below: DoubleArray) -> DoubleArray:
    """Return above / below, and 0 where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))


@dataclass(frozen=True, eq=False)
class Tally:
    """What is counted, ordered by label.

    Attributes
    ----------
    shape : numbers of sentences, of labels, and of counts that are told apart.
    sentences, labels, counts : where each thing is counted, (n_things,).
    amounts : how much it counts, (n_things,).
    starts : where each label's things begin, and where the last one's end, (n_labels + 1,).
    """

    shape: tuple[int, int, int]
    sentences: IntArray
    labels: IntArray
    counts: IntArray
    amounts: DoubleArray
    starts: IntArray

    def by_sentence(self, label: int | None = None) -> DoubleArray:
        """Return (n_sentences, n_counts) of one label or of all; of number -1 there is nothing."""
        sentences, _, counts = self.shape
        chosen = slice(None) if label is None else slice(*self.starts[[label, label + 1]]) if label >= 0 else slice(0)
        cells = self.sentences[chosen] * counts + self.counts[chosen]
        return _sums(cells, self.amounts[chosen], (sentences, counts))

    def by_label(self) -> DoubleArray:
        """Return (n_sentences, n_labels * n_counts): the counts of each label side by side."""
        sentences, labels, counts = self.shape
        cells = (self.sentences * labels + self.labels) * counts + self.counts
        return _sums(cells, self.amounts, (sentences, labels * counts))


def _sums(cells: IntArray, amounts: DoubleArray, shape: tuple[int, int]) -> DoubleArray:
    return np.asarray(np.bincount(cells, amounts, shape[0] * shape[1]).reshape(shape), dtype=np.float64)


def counted(
    both: Sides, sentences: IntArray, labels: IntArray, counts: IntArray, amounts: IntArray, n_counts: int
) -> Tally:
    """Return the tally of things, each counted in one place."""
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(len(both.names) + 1))
    shape = (both.n, len(both.names), n_counts)
    return Tally(shape, sentences[order], labels[order], counts[order], amounts[order].astype(np.float64), starts)


def tally(both: Sides, keys: Columns, *, as_sets: bool, chosen: IntArray | None = None) -> Tally:
    """Return the tally of things that are equal where their keys are: on both sides, predicted only, gold only.

    Parameters
    ----------
    keys : of the predicted rows (n_pred,) and of the gold rows (n_gold,); rows of different sentences differ.
    as_sets : count a thing once however often a side has it; otherwise each gold row answers for one predicted row.
    chosen : numbers of the predicted rows that are counted; by default all.
    """
    of_pred = np.arange(len(keys[0])) if chosen is None else chosen
    every = np.concatenate([keys[0][of_pred], keys[1]])
    _, first, inverse = np.unique(every, return_index=True, return_inverse=True)
    predicted = np.bincount(inverse[: len(of_pred)], minlength=len(first))
    gold = np.bincount(inverse[len(of_pred) :], minlength=len(first))
    if as_sets:
        predicted, gold = np.minimum(predicted, 1), np.minimum(gold, 1)
    right = np.minimum(predicted, gold)
    sentences, labels = (np.concatenate([of[0][of_pred], of[1]])[first] for of in (both.sentences, both.labels))
    amounts = np.stack([right, predicted - right, gold - right], axis=1)
    things, counts = np.nonzero(amounts)
    return counted(both, sentences[things], labels[things], counts, amounts[things, counts], len(COUNTS))


def span_keys(both: Sides) -> Columns:
    """Return keys of the predicted and gold spans: equal where sentence, label and both borders are.

    A span without borders equals no span of the other side, and one of its own only where all of their rows agree.
    """

    def make() -> Columns:
        keys = joint(both.sentences, *both.borders, both.labels)
        least = 0
        for side, of_side in zip((both.pred, both.gold), keys, strict=True):
            least = _without_place(side, of_side, least)
        return keys

    return both.once("span keys", make)


def _without_place(side: Mentions, keys: IntArray, least: int) -> int:
    """Give each distinct row without borders a negative key of its own, below `least`; return the least one given."""
    known: dict[tuple[object, ...], int] = {}
    for row in np.flatnonzero(~side.places[2]).tolist():
        written = (int(side.sentences[row]), *side.rows[row])
        keys[row] = known.setdefault(written, least - 1 - len(known))
    return least - len(known)


def exact(both: Sides, threshold: float | None = None) -> Tally:
    """Return the tally of spans, of those predictions that score above the threshold where there is one.

    Raises
    ------
    ValueError
        A prediction lacks the score that a threshold asks for.
    """

    def make() -> Tally:
        chosen = None if threshold is None else np.flatnonzero(both.pred.scores > threshold)
        return tally(both, span_keys(both), as_sets=True, chosen=chosen)

    return both.once(("exact", threshold), make)
