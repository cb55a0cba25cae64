"""Labelled spans with credit for overlap: nervaluate's four ways to count, after SemEval 2013, task 9.1.

Pred and gold are those of `spans`. Within a sentence, predicted spans in the order of start, end and label each consume
the first free gold span of which they cover at least `min_overlap` percent, one word at the least (`_overlap`). What
finds none is spurious, a gold span that nobody consumed is missed, and the others are by `mode`:

    strict   correct when label and borders are equal, else incorrect
    exact    correct when the borders are equal, whatever the labels, else incorrect
    partial  correct when the borders are equal, whatever the labels, else partial
    type     correct when the labels are equal, whatever the borders, else incorrect

    P = (correct + partial / 2) / (correct + incorrect + partial + spurious)
    R = (correct + partial / 2) / (correct + incorrect + partial + missed)

`label=NAME` matches the spans of that label alone. `matching=best` lets a predicted span consume the gold one that fits
before one that only comes first. `flavour=reference` gives no credit for partial matches and takes spans in the order
in which they stand, as the package does over two or more documents.

Source: nervaluate 1.1.0 (MantisAI), which `flavour=reference` equals; 1.2.0 is that with `matching=best`, and 1.2.1
gives the half credit as well. Duplicates are not collapsed. Without gold spans, the package gives 0; here nothing is
defined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from zsbench.config.options import Percent, Text
from zsbench.core.lazy import BoolArray, DoubleArray, IntArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.spans._overlap import CORRECT, SPURIOUS, UNLIKE, Matching, Mode, Pairs, matched, overlapping
from zsbench.metrics.spans._tally import Tally, counted
from zsbench.metrics.spans.mentions import Rows, Sides, sides

Flavour = Literal["half-credit", "reference"]
COLUMNS = ("correct", "incorrect", "partial", "missed", "spurious")


def outcomes(
    pred: Rows, gold: Rows, mode: Mode, min_overlap: float, flavour: Flavour, matching: Matching, label: str | None
) -> DoubleArray:
    """Return counts (n_sentences, 5): correct, incorrect, partial, missed, spurious."""
    both = sides(pred, gold)
    as_written, by_label = flavour == "reference", label is not None

    def pairs() -> Pairs:
        return overlapping(both, min_overlap, as_written=as_written)

    def make() -> Tally:
        every = both.once(("overlapping", min_overlap, as_written), pairs)
        every = every.within_labels() if by_label else every
        became, consumed = matched(every, mode, matching, len(both.pred.rows), len(both.gold.rows))
        return _tally(both, became, consumed, mode)

    found = both.once(("matched", mode, min_overlap, as_written, matching, by_label), make)
    return found.by_sentence(both.number(label))


def _tally(both: Sides, became: IntArray, consumed: BoolArray, mode: Mode) -> Tally:
    """Return every predicted span as what became of it, and every gold span that nobody consumed as missed."""
    columns = {CORRECT: "correct", UNLIKE: "partial" if mode == "partial" else "incorrect", SPURIOUS: "spurious"}
    column_of = np.asarray([COLUMNS.index(columns[outcome]) for outcome in sorted(columns)])
    missed = np.flatnonzero(~consumed)
    counts = np.concatenate([column_of[became], np.full(len(missed), COLUMNS.index("missed"))])
    sentences, labels = (np.concatenate([of[0], of[1][missed]]) for of in (both.sentences, both.labels))
    return counted(both, sentences, labels, counts, np.ones_like(counts), len(COLUMNS))


def _precision(credit: DoubleArray, actual: DoubleArray, possible: DoubleArray) -> DoubleArray:  # noqa: ARG001 - alike
    return credit / np.maximum(actual, 1)


def _recall(credit: DoubleArray, actual: DoubleArray, possible: DoubleArray) -> DoubleArray:  # noqa: ARG001 - alike
    return credit / np.maximum(possible, 1)


def _f1(credit: DoubleArray, actual: DoubleArray, possible: DoubleArray) -> DoubleArray:
    return 2 * credit / np.maximum(actual + possible, 1)


def _credited(share: Callable[..., DoubleArray]) -> Callable[..., DoubleArray]:
    """Return the reducer of a share of (..., 5) counts."""

    def reduce(sums: DoubleArray, n: DoubleArray, flavour: Flavour = "half-credit") -> DoubleArray:  # noqa: ARG001 - the reducer's signature
        correct, incorrect, partial, missed, spurious = np.moveaxis(sums, -1, 0)
        answered = correct + incorrect + partial
        credit = correct + (partial / 2 if flavour == "half-credit" else 0)
        value = share(credit, answered + spurious, answered + missed)
        return np.asarray(np.where(answered + missed > 0, value, np.nan))

    return reduce


@metric("nervaluate-F1", of_sums=_credited(_f1), columns=COLUMNS, spelled_out=("mode",))
def nervaluate_f1(
    pred: Rows,
    gold: Rows,
    *,
    mode: Mode = "strict",
    min_overlap: Percent = 1,
    flavour: Flavour = "half-credit",
    matching: Matching = "first",
    label: Text | None = None,
) -> DoubleArray:
    """F1 of spans that may overlap instead of being equal, as `mode` says.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 2, "PER"), (3, 3, "ORG")]]
    >>> [nervaluate_f1(pred, gold, mode=mode).tolist() for mode in ("strict", "partial")]
    [[[0.0, 2.0, 0.0, 0.0, 0.0]], [[1.0, 0.0, 1.0, 0.0, 0.0]]]
    """
    return outcomes(pred, gold, mode, min_overlap, flavour, matching, label)


@metric("nervaluate-precision", of_sums=_credited(_precision), columns=COLUMNS, spelled_out=("mode",))
def nervaluate_precision(
    pred: Rows,
    gold: Rows,
    *,
    mode: Mode = "strict",
    min_overlap: Percent = 1,
    flavour: Flavour = "half-credit",
    matching: Matching = "first",
    label: Text | None = None,
) -> DoubleArray:
    """Share of predicted spans that are right, as `mode` says.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 2, "PER"), (3, 3, "ORG")]]
    >>> nervaluate_precision(pred, gold, mode="exact").tolist()
    [[1.0, 1.0, 0.0, 0.0, 0.0]]
    """
    return outcomes(pred, gold, mode, min_overlap, flavour, matching, label)


@metric("nervaluate-recall", of_sums=_credited(_recall), columns=COLUMNS, spelled_out=("mode",))
def nervaluate_recall(
    pred: Rows,
    gold: Rows,
    *,
    mode: Mode = "strict",
    min_overlap: Percent = 1,
    flavour: Flavour = "half-credit",
    matching: Matching = "first",
    label: Text | None = None,
) -> DoubleArray:
    """Share of gold spans that were found, as `mode` says.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 2, "PER"), (3, 3, "ORG")]]
    >>> nervaluate_recall(pred, gold, mode="type").tolist()
    [[1.0, 1.0, 0.0, 0.0, 0.0]]
    """
    return outcomes(pred, gold, mode, min_overlap, flavour, matching, label)
