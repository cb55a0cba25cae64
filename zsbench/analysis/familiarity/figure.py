"""Familiarity by label as diagrams: one for each evaluation, a series for each training set, means as dotted lines."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.analysis.familiarity.tables import Pair
from zsbench.report.figures.figure import Figure, Level, Point, Series
from zsbench.report.plain import one_line

MOST = 60
"""Labels that a diagram shows, the least familiar ones."""


def figures(pairs: Sequence[Pair]) -> list[Figure]:
    """Return a diagram for each evaluation; labels are in the order of their mean, the least familiar first."""
    by_evaluation: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_evaluation.setdefault(pair.evaluation, []).append(pair)
    return [_figure(name, of_evaluation) for name, of_evaluation in by_evaluation.items()]


def _figure(evaluation: str, pairs: Sequence[Pair]) -> Figure:
    labels = sorted(pairs[0].measured.values, key=lambda label: (sum(p.measured.values[label] for p in pairs), label))
    shown = labels[:MOST]
    series = tuple(
        Series(one_line(pair.training), tuple(Point(one_line(x), pair.measured.values[x], label=x) for x in shown))
        for pair in pairs
    )
    left_out = len(labels) - len(shown)
    return Figure(
        kind="classes",
        title=one_line(evaluation if len(pairs) > 1 else f"{pairs[0].training} → {evaluation}"),
        x="label",
        y="familiarity",
        unit="",
        better="higher",
        series=series,
        levels=tuple(Level("macro" if len(pairs) == 1 else one_line(p.training), p.measured.macro) for p in pairs),
        confidence=None,
        notes=(f"the {len(shown)} least familiar of {len(labels)} labels",) if left_out else (),
    )
