"""The counts behind nervaluate's shares: spans that are correct, incorrect, partial, missed and spurious.

Parameters are those of `nervaluate`. Correct, incorrect, partial and missed spans together are the gold ones;
with spurious in place of missed, the predicted ones.
"""

from __future__ import annotations

from zsbench.config.options import Percent, Text
from zsbench.core.lazy import DoubleArray
from zsbench.metrics.metric import metric, total
from zsbench.metrics.spans._overlap import Matching, Mode
from zsbench.metrics.spans.mentions import Rows
from zsbench.metrics.spans.nervaluate import COLUMNS, Flavour, outcomes


def _only(counts: DoubleArray, name: str) -> DoubleArray:
    return counts[:, COLUMNS.index(name)][:, None]


@metric("nervaluate-correct", unit="spans", of_sums=total, spelled_out=("mode",))
def correct(
    pred: Rows,
    gold: Rows,
    *,
    mode: Mode = "strict",
    min_overlap: Percent = 1,
    flavour: Flavour = "half-credit",
    matching: Matching = "first",
    label: Text | None = None,
) -> DoubleArray:
    """Predicted spans that are what `mode` asks for.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 2, "PER"), (3, 3, "ORG")]]
    >>> correct(pred, gold, mode="exact").tolist()
    [[1.0]]
    """
    return _only(outcomes(pred, gold, mode, min_overlap, flavour, matching, label), "correct")


@metric("nervaluate-incorrect", unit="spans", better="lower", of_sums=total, spelled_out=("mode",))
def incorrect(
    pred: Rows,
    gold: Rows,
    *,
    mode: Mode = "strict",
    min_overlap: Percent = 1,
    flavour: Flavour = "half-credit",
    matching: Matching = "first",
    label: Text | None = None,
) -> DoubleArray:
    """Predicted spans that overlap a gold one and are not what `mode` asks for; none where that is partial.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 2, "PER"), (3, 3, "ORG")]]
    >>> incorrect(pred, gold, mode="type").tolist()
    [[1.0]]
    """
    return _only(outcomes(pred, gold, mode, min_overlap, flavour, matching, label), "incorrect")


@metric("nervaluate-partial", unit="spans", better="lower", of_sums=total, spelled_out=("mode",))
def partial(
    pred: Rows,
    gold: Rows,
    *,
    mode: Mode = "partial",
    min_overlap: Percent = 1,
    flavour: Flavour = "half-credit",
    matching: Matching = "first",
    label: Text | None = None,
) -> DoubleArray:
    """Predicted spans that overlap a gold one without having its borders; none but where `mode` is partial.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 2, "PER"), (3, 3, "ORG")]]
    >>> partial(pred, gold, mode="partial").tolist()
    [[1.0]]
    """
    return _only(outcomes(pred, gold, mode, min_overlap, flavour, matching, label), "partial")


@metric("nervaluate-missed", unit="spans", better="lower", of_sums=total, spelled_out=("mode",))
def missed(
    pred: Rows,
    gold: Rows,
    *,
    mode: Mode = "strict",
    min_overlap: Percent = 1,
    flavour: Flavour = "half-credit",
    matching: Matching = "first",
    label: Text | None = None,
) -> DoubleArray:
    """Gold spans that no predicted one answers for.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 2, "PER"), (3, 3, "ORG")]]
    >>> missed(pred, gold, min_overlap=70).tolist()
    [[1.0]]
    """
    return _only(outcomes(pred, gold, mode, min_overlap, flavour, matching, label), "missed")


@metric("nervaluate-spurious", unit="spans", better="lower", of_sums=total, spelled_out=("mode",))
def spurious(
    pred: Rows,
    gold: Rows,
    *,
    mode: Mode = "strict",
    min_overlap: Percent = 1,
    flavour: Flavour = "half-credit",
    matching: Matching = "first",
    label: Text | None = None,
) -> DoubleArray:
    """Predicted spans that overlap no gold one that is free.

    Examples
    --------
    >>> pred, gold = [[(0, 1, "PER"), (3, 3, "LOC")]], [[(0, 2, "PER"), (3, 3, "ORG")]]
    >>> spurious(pred, gold, min_overlap=70).tolist()
    [[1.0]]
    """
    return _only(outcomes(pred, gold, mode, min_overlap, flavour, matching, label), "spurious")
