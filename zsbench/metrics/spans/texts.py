"""Mentions compared by how they are written, wherever they stand: what papers about generated answers count.

Pred and gold are those of `spans`, each row with its text. Statistics are counts (tp, fp, fn); P, R and F1 are those of
`spans`, over all sentences and labels together. Every label is asked of every sentence, so that a text under a label
that its sentence lacks is wrong. `flavour` says when two mentions are one:

    universalner  label, and text in lower case without ASCII punctuation and the words a, an, the (`answers`); a
                  sentence and label have each text once, and two texts of which nothing is left are the same
    gollie        label, and text in lower case without blanks at its ends; each gold mention answers for one prediction
    instructuie   'label: text' in lower case without blanks around , : ( ) . _ ; ' and -, without braces, its repeated
                  commas, full stops and semicolons taken for one; a sentence has each once

`smoothing` is added to the denominators of P, R and F1 = 2 P R / (P + R). UniversalNER adds 1e-10, which moves no digit
that is printed, but keeps a perfect answer below 1; the default adds nothing. Without gold nothing is defined.

Source: `src/eval/evaluate.py` of universal-ner/universal-ner (arXiv:2308.03279); `src/tasks/utils_scorer.py` and
`utils_typing.py` of hitz-zentroa/GoLLIE (arXiv:2310.03668); `src/evaluation/evaluator.py` of BeyonderXX/InstructUIE
(arXiv:2304.08085), which also takes an empty answer to a sentence without entities for a hit, and 'location' for
'located'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

from zsbench.config.options import NonNegative, Text
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.spans._tally import COUNTS, Tally, ratio, tally
from zsbench.metrics.spans.answers import normal
from zsbench.metrics.spans.mentions import Mentions, Rows, Sides, joint, sides

Flavour = Literal["universalner", "gollie", "instructuie"]
_BLANKS_AROUND = re.compile(r"\s*([,:().;_'-])\s*")
_REPEATED = re.compile(r"([,.;])\1+")


def _of_instructuie(label: str, text: str) -> str:
    line = f"{label}: {text}".replace("{", "").replace("}", "").replace("’", "'")
    return _REPEATED.sub(r"\1", _BLANKS_AROUND.sub(r"\1", " ".join(line.split())).lower())


_WRITTEN: dict[str, Callable[[str, str], str]] = {
    "universalner": lambda label, text: normal(text),  # noqa: ARG005 - the label is compared as it is
    "gollie": lambda label, text: text.lower().strip(),  # noqa: ARG005 - as above
    "instructuie": _of_instructuie,
}


def _numbers(written: Callable[[str, str], str], each: Sequence[Mentions]) -> list[IntArray]:
    """Return the number of each mention's text as it is compared, for either side; equal texts have one number."""
    pairs = [list(zip((row[2] for row in side.rows), side.texts, strict=True)) for side in each]
    known: dict[str, int] = {}
    number = {pair: known.setdefault(written(*pair), len(known)) for pair in sorted({*pairs[0], *pairs[1]})}
    return [np.fromiter(map(number.__getitem__, side), np.int64, len(side)) for side in pairs]


def _tally(both: Sides, flavour: Flavour) -> Tally:
    def make() -> Tally:
        texts = _numbers(_WRITTEN[flavour], (both.pred, both.gold))
        columns = [both.sentences, (texts[0], texts[1])]
        columns += [] if flavour == "instructuie" else [both.labels]
        return tally(both, joint(*columns), as_sets=flavour != "gollie")

    return both.once(("texts", flavour), make)


def _statistics(pred: Rows, gold: Rows, flavour: Flavour, label: str | None) -> DoubleArray:
    both = sides(pred, gold)
    return _tally(both, flavour).by_sentence(both.number(label))


def _precision(tp: DoubleArray, fp: DoubleArray, fn: DoubleArray, smoothing: float) -> DoubleArray:  # noqa: ARG001 - alike
    return ratio(tp, tp + fp + smoothing)


def _recall(tp: DoubleArray, fp: DoubleArray, fn: DoubleArray, smoothing: float) -> DoubleArray:  # noqa: ARG001 - alike
    return ratio(tp, tp + fn + smoothing)


def _f1(tp: DoubleArray, fp: DoubleArray, fn: DoubleArray, smoothing: float) -> DoubleArray:
    if not smoothing:
        return ratio(2 * tp, 2 * tp + fp + fn)
    precision, recall = _precision(tp, fp, fn, smoothing), _recall(tp, fp, fn, smoothing)
    return ratio(2 * precision * recall, precision + recall + smoothing)


def _smoothed(share: Callable[..., DoubleArray]) -> Callable[..., DoubleArray]:
    """Return the reducer of a share of (..., 3) counts."""

    def reduce(sums: DoubleArray, n: DoubleArray, smoothing: float = 0.0) -> DoubleArray:  # noqa: ARG001 - the reducer's signature
        tp, fp, fn = (np.asarray(column) for column in np.moveaxis(sums, -1, 0))
        return np.asarray(np.where(tp + fn > 0, share(tp, fp, fn, smoothing), np.nan))

    return reduce


@metric("text-F1", of_sums=_smoothed(_f1), columns=COUNTS, spelled_out=("flavour",))
def text_f1(
    pred: Rows,
    gold: Rows,
    *,
    flavour: Flavour = "universalner",
    smoothing: NonNegative = 0,  # noqa: ARG001 - the reducer's
    label: Text | None = None,
) -> DoubleArray:
    """F1 of mentions as texts, wherever they stand.

    Examples
    --------
    >>> gold = [[(3, 4, "band", None, "the Queen"), (9, 9, "band", None, "ABBA")]]
    >>> pred = [[(0, 0, "band", None, "Queen")]]
    >>> round(text_f1.metric.compute(pred, gold), 3), text_f1(pred, gold, flavour="gollie").tolist()
    (0.667, [[0.0, 1.0, 2.0]])
    """
    return _statistics(pred, gold, flavour, label)


@metric("text-precision", of_sums=_smoothed(_precision), columns=COUNTS, spelled_out=("flavour",))
def text_precision(
    pred: Rows,
    gold: Rows,
    *,
    flavour: Flavour = "universalner",
    smoothing: NonNegative = 0,  # noqa: ARG001 - the reducer's
    label: Text | None = None,
) -> DoubleArray:
    """Share of predicted texts that are right, wherever they stand.

    Examples
    --------
    >>> gold = [[(3, 4, "band", None, "the Queen"), (9, 9, "band", None, "ABBA")]]
    >>> pred = [[(0, 0, "band", None, "Queen")]]
    >>> text_precision.metric.compute(pred, gold)
    1.0
    """
    return _statistics(pred, gold, flavour, label)


@metric("text-recall", of_sums=_smoothed(_recall), columns=COUNTS, spelled_out=("flavour",))
def text_recall(
    pred: Rows,
    gold: Rows,
    *,
    flavour: Flavour = "universalner",
    smoothing: NonNegative = 0,  # noqa: ARG001 - the reducer's
    label: Text | None = None,
) -> DoubleArray:
    """Share of gold texts that were found, wherever they stand.

    Examples
    --------
    >>> gold = [[(3, 4, "band", None, "the Queen"), (9, 9, "band", None, "ABBA")]]
    >>> pred = [[(0, 0, "band", None, "Queen")]]
    >>> text_recall.metric.compute(pred, gold)
    0.5
    """
    return _statistics(pred, gold, flavour, label)
