"""Curves of concept frequency as tables: one curve a row, one bin a row, or one concept a row."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.analysis.frequency.corpora import Alike
from zsbench.analysis.frequency.lines import Line, Lines
from zsbench.analysis.frequency.measured import SIGNIFICANT, Measured
from zsbench.core.words import listed, number_of
from zsbench.metrics.frequency_curve import used
from zsbench.metrics.frequency_trend import FEW, Estimate
from zsbench.report.grid import MISSING, UNDEFINED, Cell, Column, Grid
from zsbench.report.numbers import number, supported
from zsbench.report.plain import one_line

_ALWAYS = ("pretraining", "model")


def facts(curve: Measured) -> dict[str, str]:
    """Return what a curve is of, by the name of the fact."""
    of_performance = {key: value for key, value in curve.performance.facts.items() if key != "pretraining"}
    return {**curve.corpus.facts, **of_performance, "metric": curve.performance.metric}


def naming_facts(curves: Sequence[Measured]) -> list[str]:
    """Return the facts that tell curves apart, and those that always stand."""
    keys = dict.fromkeys(key for curve in curves for key in facts(curve))
    return [key for key in keys if key in _ALWAYS or len({facts(curve).get(key, "") for curve in curves}) > 1]


def by_curve(curves: Sequence[Measured], notes: Sequence[str] = ()) -> Grid:
    """Return a row for each curve: r of the bins with p, then what single concepts say."""
    named = naming_facts(curves)
    titles = ("concepts", "never found", "bins", "r", "p", "slope per decade", "Spearman", "tail", "head")
    columns = [*(Column(key) for key in named), *(Column(title, right=True) for title in titles)]
    rows = []
    for curve in curves:
        of_curve, unit = facts(curve), curve.performance.unit
        sizes = (len(curve.points.counts), curve.n_zero, curve.line.n)
        values = [
            *(Cell(str(size), value=size) for size in sizes),
            _r(curve),
            _plain(curve.line.p, ".2g"),
            _estimate(curve.slope, unit),
            _estimate(curve.rho, ""),
            *(_value(value, unit) for value in (curve.tail, curve.head)),
        ]
        rows.append([*(Cell(one_line(of_curve.get(key, ""))) for key in named), *values])
    return Grid(columns, rows, [*_how(curves, named), *notes], names=len(named))


def _how(curves: Sequence[Measured], named: Sequence[str]) -> list[str]:
    """Return what belongs under the table: what all curves share, how bins and intervals were made, what is missing."""
    shared = [f"{key} {value}" for key, value in facts(curves[0]).items() if key not in named and value]
    rules: dict[str, dict[str, None]] = {}
    for c in curves:
        whose = c.corpus.facts["pretraining"] + ("" if c.rule.preset else " by default")
        rules.setdefault(f"{c.rule.first} to {c.rule.edges - 2} of {c.rule.edges}", {})[whose] = None
    options = curves[0].options
    zero = ", an empty bin is 0" if options.empty == "zero" else ", empty bins left out"
    lines = [", ".join(shared)] if shared else []
    bins = "; ".join(f"{bins} ({', '.join(whose)})" for bins, whose in rules.items())
    lines.append(f"r of the means of bins {bins}{zero}; ** p < {SIGNIFICANT}")
    shares = any(c.performance.unit == "%" for c in curves)
    lines.append(
        f"slope and Spearman over concepts, {100 * options.confidence:g} % intervals of {options.resamples} resamples "
        f"of them, seed {options.seed}; tail: the rarest {options.fraction:g} of concepts and one more"
        + ("; shares in %" if shares else "")
    )
    few = dict.fromkeys(f"{_of(c)} ({len(c.points.counts)})" for c in curves if len(c.points.counts) < FEW)
    lines += [f"few concepts for intervals, which are too narrow then: {listed(list(few), 5)}"] if few else []
    return [*map(one_line, lines), *_taken(curves)]


def _taken(curves: Sequence[Measured]) -> list[str]:
    """Return what was left out of curves, and what was taken where a file leaves a choice."""
    left_out = [f"{_of(c)}: {note}" for c in curves for note in c.points.notes]
    chosen = [note for c in curves for note in (*c.corpus.notes, *c.performance.notes)]
    return list(dict.fromkeys(map(one_line, [*left_out, *chosen])))


def _of(curve: Measured) -> str:
    return f"{curve.performance.name}, {curve.corpus.name}"


def by_bin(curve: Measured) -> Grid:
    """Return a row for each bin: its right edge as a count, how many concepts it holds, their mean and spread."""
    titles = ("up to count", "concepts", "mean", "std", "in r")
    kept = set(used(curve.curve, curve.rule.first, curve.options.empty).tolist())
    rows = []
    for i, (edge, n) in enumerate(zip(curve.curve.counts.tolist(), curve.curve.n.tolist(), strict=True)):
        mean, std = (float(values[i]) if n else None for values in (curve.curve.mean, curve.curve.std))
        unit = curve.performance.unit
        cells = [
            Cell(str(i)),
            Cell(f"{edge:.6g}", value=edge),
            Cell(str(n), value=n),
            _value(mean, unit),
            _value(std, unit),
        ]
        rows.append([*cells, Cell("yes" if i in kept else "no")])
    columns = [Column("bin"), *(Column(title, right=True) for title in titles)]
    return Grid(columns, rows, _taken([curve]), caption=_caption(curve))


def by_concept(curve: Measured) -> Grid:
    """Return a row for each concept, the rarest first: data set, concept, count, performance."""
    columns = [Column("data set"), Column("concept"), Column("count", right=True), Column("value", right=True)]
    order = sorted(range(len(curve.points.counts)), key=lambda i: (curve.points.counts[i], curve.points.names[i]))
    rows = []
    for i in order:
        (dataset, concept), count = curve.points.names[i], int(curve.points.counts[i])
        value = _value(float(curve.points.values[i]), curve.performance.unit)
        rows.append([Cell(one_line(dataset)), Cell(one_line(concept)), Cell(str(count), value=count), value])
    return Grid(columns, rows, _taken([curve]), caption=_caption(curve))


def by_pair(pairs: Sequence[Alike], notes: Sequence[str] = ()) -> Grid:
    """Return a row for each pair of corpora, and why one has no correlation."""
    columns = [Column("corpus"), Column("other"), Column("counts"), Column("concepts", right=True)]
    rows = []
    for pair in pairs:
        way = " ".join(value for key, value in pair.first.facts.items() if key != "pretraining")
        names = [pair.first.facts["pretraining"], pair.second.facts["pretraining"], way]
        cells = [Cell(one_line(name)) for name in names]
        rows.append([*cells, Cell(str(pair.n), value=pair.n), _plain(pair.rho, ".3f")])
    note = "Spearman of the counts of concepts that both corpora have, aligned by name"
    undefined = [f"{pair.first.name}, {pair.second.name}: {pair.why_undefined}" for pair in pairs if pair.rho is None]
    every = [note, *map(one_line, (*undefined, *notes))]
    return Grid([*columns, Column("Spearman", right=True)], rows, every, names=1)


def of_lines(found: Lines, x: str, y: str) -> Grid:
    """Return a row for each side of the split."""
    columns = [Column("models"), *(Column(title, right=True) for title in ("n", "slope", "intercept"))]
    rows = [
        [Cell(one_line(f"{x} {sign} {found.split:g}")), Cell(str(line.n), value=line.n), *_ends(line)]
        for sign, line in (("<", found.low), (">", found.high))
    ]
    r = "undefined" if found.r is None else f"{found.r:.3f}"
    notes = [f"least-squares lines of {y} over {x}; Pearson r over all models {r}"]
    if found.n_on_split:
        notes.append(f"{number_of(found.n_on_split, 'model')} at {x} = {found.split:g} in neither line")
    if None in (found.low.slope, found.high.slope):
        notes.append(f"no line where there are no two models of different {x}")
    return Grid(columns, rows, list(map(one_line, notes)))


def _ends(line: Line) -> list[Cell]:
    return [_plain(line.slope, ".3f"), _plain(line.intercept, ".2f")]


def _caption(curve: Measured) -> str:
    return one_line(" ".join(filter(None, facts(curve).values())))


def _r(curve: Measured) -> Cell:
    r, p = curve.line.r, curve.line.p
    star = "**" if p is not None and p < SIGNIFICANT else ""
    return Cell(UNDEFINED) if r is None else Cell(f"{r:.3f}", value=r, sup=star)


def _plain(value: float | None, digits: str) -> Cell:
    return Cell(UNDEFINED) if value is None else Cell(f"{value:{digits}}", value=value)


def _value(value: float | None, unit: str) -> Cell:
    return Cell(MISSING) if value is None else Cell(number(value, unit, 1 if unit == "%" else 3), value=value)


def _estimate(estimate: Estimate, unit: str) -> Cell:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Cell(UNDEFINED)
    half = (estimate.high - estimate.low) / 2 * (100 if unit == "%" else 1)
    digits = supported(half) if half > 0 else 3
    value, low, high = (number(end, unit, digits) for end in (estimate.value, estimate.low, estimate.high))
    return Cell(f"{value} ({low} – {high})", value=estimate.value, low=estimate.low, high=estimate.high)
