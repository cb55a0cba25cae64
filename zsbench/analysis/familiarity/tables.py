"""Familiarity as tables: one label a row, or one pair of training set and evaluation a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zsbench.core.words import number_of
from zsbench.report.grid import Cell, Column, Grid
from zsbench.report.plain import one_line
from zsbench.search import label_vectors
from zsbench.search.label_familiarity import Measured, Neighbour


@dataclass(frozen=True)
class Pair:
    """A training set and an evaluation, by name, with the familiarity of the one to the other."""

    training: str
    evaluation: str
    measured: Measured


def by_label(pair: Pair, embedder: str) -> Grid:
    """Return a row for each evaluation label, the least familiar first, and one for their mean."""
    measured = pair.measured
    columns = [
        Column("label"),
        Column("familiarity", right=True),
        Column("in training", right=True),
        Column("nearest training labels (cosine, mentions)", drop=1, name="nearest"),
    ]
    rows = [
        [
            Cell(one_line(label)),
            _share(value),
            _count(measured.in_training[label]),
            Cell(", ".join(map(_neighbour, measured.nearest[label]))),
        ]
        for label, value in ordered(measured)
    ]
    mean = [Cell("macro"), _share(measured.macro), Cell(""), Cell("")]
    return Grid(columns, [*rows, mean], notes([pair], embedder), caption=f"{pair.training} → {pair.evaluation}")


def by_pair(pairs: Sequence[Pair], embedder: str) -> Grid:
    """Return a row for each pair: the macro value, and what it is a mean of."""
    columns = [Column("training"), Column("evaluation"), *(Column(t, right=True) for t in ("labels", "familiarity"))]
    columns += [Column(t, right=True) for t in ("overlap", "training labels", "mentions")]
    columns.append(Column("k effective", right=True, drop=1))  # k itself, or told by a note
    rows = []
    for pair in pairs:
        measured = pair.measured
        names = [Cell(one_line(pair.training)), Cell(one_line(pair.evaluation))]
        values = [_count(len(measured.values)), _share(measured.macro), _share(measured.overlap)]
        sizes = (measured.n_training, measured.mentions, measured.k_effective)
        rows.append([*names, *values, *map(_count, sizes)])
    return Grid(columns, rows, notes(pairs, embedder), names=2)


def ordered(measured: Measured) -> list[tuple[str, float]]:
    """Return labels and values, the least familiar first."""
    return sorted(measured.values.items(), key=lambda entry: (entry[1], entry[0]))


def notes(pairs: Sequence[Pair], embedder: str) -> list[str]:
    """Return what belongs under a table: how it was counted, how much overlaps, and what is short of mentions."""
    options = pairs[0].measured.options
    lines = [f"embedder {embedder}, k {options.k}, weighting {options.weighting}, short {options.short}"]
    if len(pairs) == 1:
        measured = pairs[0].measured
        found = sum(n > 0 for n in measured.in_training.values())
        lines.append(
            f"{found} of {number_of(len(measured.values), 'label')} {_occur(found)} word by word among "
            f"{number_of(measured.n_training, 'training label')} (overlap {measured.overlap:.3f}), which have "
            f"{number_of(measured.mentions, 'mention')}; k_effective {measured.k_effective}"
        )
    warned = dict.fromkeys((pair.training, pair.measured.warning) for pair in pairs if pair.measured.warning)
    doubts = label_vectors.doubts({(pair.training, pair.evaluation): pair.measured.compared for pair in pairs})
    return [*lines, *(f"! {name}: {warning}" for name, warning in warned), *(f"! {doubt}" for doubt in doubts)]


def _occur(n: int) -> str:
    return "occurs" if n == 1 else "occur"


def _share(value: float) -> Cell:
    return Cell(f"{value:.3f}", value=value)


def _count(n: int) -> Cell:
    return Cell(str(n), value=n)


def _neighbour(near: Neighbour) -> str:
    return one_line(f"{near.label} ({near.similarity:.2f}, {near.mentions})")
