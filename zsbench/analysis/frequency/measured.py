"""One curve: points, bins, Pearson's r of the bins, and what single concepts say beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zsbench.analysis.frequency.corpus import Corpus
from zsbench.analysis.frequency.joining import Points
from zsbench.analysis.frequency.performance import Performance
from zsbench.analysis.frequency.presets import PAPER, Bins, bins, datasets
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.frequency_curve import Curve, EmptyBin, Line, binned, log_counts, straightness
from zsbench.metrics.frequency_trend import Estimate, over_concepts, rank_correlations, slopes
from zsbench.metrics.tails import FRACTION, tail

SIGNIFICANT = 0.05
"""Below this p the paper marks an r with two stars."""


@dataclass(frozen=True)
class Options:
    """How a curve is made of points; None takes the rule of the corpus (`presets.bins`)."""

    edges: int | None = None
    first: int | None = None
    empty: EmptyBin = "nan"
    fraction: float = FRACTION
    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 0


@dataclass(frozen=True)
class Measured:
    """A curve of one model and one corpus.

    Attributes
    ----------
    rule : edges and first bin that were taken.
    line : Pearson's r of the bins from the first to the last but one.
    slope : of performance per tenfold count, over concepts.
    rho : Spearman's, over concepts.
    tail, head : mean performance on rare concepts and on all others; None where there are none.
    """

    performance: Performance
    corpus: Corpus
    points: Points
    options: Options
    rule: Bins
    curve: Curve
    line: Line
    slope: Estimate
    rho: Estimate
    tail: float | None
    head: float | None

    @property
    def n_zero(self) -> int:
        """Concepts that were never found."""
        return int((self.points.counts == 0).sum())


def measured(performance: Performance, corpus: Corpus, points: Points, options: Options) -> Measured:
    """Return the curve of points.

    Raises
    ------
    UserError
        The first bin is not before the last but one.
    """
    preset = bins(performance.kind, corpus.facts["pretraining"])
    rule = Bins(
        preset.edges if options.edges is None else options.edges,
        preset.first if options.first is None else options.first,
        preset.preset if options.edges is None and options.first is None else "",
    )
    if rule.first > rule.edges - 2:
        raise UserError(
            "--first", f"bin {rule.first} of {rule.edges}", f"at most {rule.edges - 2}: the last is left out"
        )
    curve = binned(points.counts, points.values, rule.edges)
    counts, y = points.counts.astype(np.float64), points.values
    drawn = {"resamples": options.resamples, "seed": options.seed}
    rare = tail(points.counts, options.fraction)
    return Measured(
        performance,
        corpus,
        points,
        options,
        rule,
        curve,
        straightness(curve, rule.first, options.empty),
        over_concepts(slopes, log_counts(counts) / np.log(10), y, confidence=options.confidence, **drawn),
        over_concepts(rank_correlations, counts, y, confidence=options.confidence, **drawn),
        _mean(y[rare]),
        _mean(y[~rare]),
    )


def pairs(
    performances: Sequence[Performance], corpora: Sequence[Corpus], trained: dict[str, str]
) -> tuple[list[tuple[Performance, Corpus]], list[str]]:
    """Return which performance goes with which corpus, corpus by corpus, and a note on what goes with none.

    A performance that knows its `pretraining`, or whose model `trained` names one for, goes with the corpora of exactly
    that name; any other goes with all of them.

    Raises
    ------
    UserError
        No pair is left, or `trained` names a model or a corpus that there is not.
    """
    _require_known(trained, performances, corpora)
    made, lonely = [], []
    for performance in performances:
        name = trained.get(performance.facts.get("model", ""), performance.facts.get("pretraining"))
        fitting = [corpus for corpus in corpora if name is None or corpus.facts["pretraining"] == name]
        made += [(performance, corpus) for corpus in fitting]
        lonely += [] if fitting else [f"{performance.name} ({name})"]
    if not made:
        known = ", ".join(dict.fromkeys(corpus.facts["pretraining"] for corpus in corpora))
        raise UserError("--counts", f"counts of {known}", f"some of {', '.join(lonely[:5])}")
    order = list(dict.fromkeys(corpus.name for _, corpus in made))
    made.sort(key=lambda pair: order.index(pair[1].name))
    shown = ", ".join(lonely[:5]) + (f" and {len(lonely) - 5} more" if len(lonely) > 5 else "")
    return made, [f"no counts for {shown}"] if lonely else []


def _require_known(trained: dict[str, str], performances: Sequence[Performance], corpora: Sequence[Corpus]) -> None:
    models = list(dict.fromkeys(one.facts["model"] for one in performances if "model" in one.facts))
    names = list(dict.fromkeys(corpus.facts["pretraining"] for corpus in corpora))
    for model, corpus in trained.items():
        for what, name, known in (("results of model", model, models), ("counts of", corpus, names)):
            if name not in known:
                raise UserError("--trained", f"no {what} '{name}'", ", ".join(known), did_you_mean(name, known))


def pooled(performance: Performance, corpus: Corpus, names: Sequence[str]) -> tuple[str, ...]:
    """Return the data sets that are named, where `paper` stands for the paper's; none of no names."""
    preset = datasets(performance.kind, corpus.facts.get("source", ""))
    every = (one for name in names for one in (preset if name == PAPER else (name,)))
    return tuple(dict.fromkeys(every))


def _mean(values: DoubleArray) -> float | None:
    return float(values.mean()) if len(values) else None
