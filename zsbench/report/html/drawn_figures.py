"""The figures of a page: those of `zsbench plot`, each as the plain data that the page's own script draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.errors import UserError
from zsbench.report.figures import options
from zsbench.report.figures.bars import bars
from zsbench.report.figures.classes import classes
from zsbench.report.figures.curve import curve
from zsbench.report.figures.figure import Figure, as_json
from zsbench.report.figures.frequency import frequency
from zsbench.report.figures.pareto import pareto
from zsbench.results.finished_run import FinishedRun

CLASSES = 60
"""Classes that a figure shows, the worst first."""


def figures(runs: Sequence[FinishedRun]) -> list[dict[str, Any]]:
    """Return all figures that runs have: bars, costs, a curve for each option that differs, classes, frequency."""
    every = [(run.result, options.of_run(run.result)) for run in runs if not run.is_average]
    builders: list[Callable[[], list[Figure]]] = [
        lambda: bars(runs),
        lambda: pareto(runs),
        *(lambda key=key: curve(runs, x=key) for key in options.varying(every)),  # type: ignore[misc]
        lambda: classes(runs, most=CLASSES),
        lambda: frequency(runs),
    ]
    return [as_json(figure) for build in builders for figure in _built(build)]


def _built(build: Callable[[], list[Figure]]) -> list[Figure]:
    """Return the figures of one kind, none where these runs have none of it."""
    try:
        return build()
    except UserError:
        return []
