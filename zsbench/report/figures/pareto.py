"""Cost against quality: which runs does no other run beat at the same price?"""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.report.figures import costs
from zsbench.report.figures.chosen import Entry, Facet, drawable, facets
from zsbench.report.figures.figure import Figure, Level, Series
from zsbench.results.finished_run import FinishedRun

# The axis is logarithmic where the dearest run costs this many times what the cheapest does.
_SPANS = 20


def front(points: Sequence[tuple[float, float]], *, better: str = "higher") -> list[int]:
    """Return the numbers of the (cost, value) pairs that no other pair dominates, in their order.

    A pair dominates another when it costs no more and is no worse, and is strictly better in one of the two. Equal
    pairs do not dominate each other.

    Examples
    --------
    >>> front([(1, 0.5), (2, 0.7), (3, 0.6), (3, 0.9)])  # the third costs more than the second and is worse
    [0, 1, 3]
    """
    sign = -1 if better == "higher" else 1
    order = sorted(range(len(points)), key=lambda i: (points[i][0], sign * points[i][1]))
    kept: list[int] = []
    best = float("inf")
    for number in order:
        value = sign * points[number][1]
        if value < best or (kept and points[number] == points[kept[-1]]):
            kept.append(number)
            best = min(best, value)
    return sorted(kept)


def pareto(
    runs: Sequence[FinishedRun], *, metrics: Sequence[str] = (), tasks: Sequence[str] = (), x: str | None = None
) -> list[Figure]:
    """Return a diagram for each task and metric: cost against value, a series for each model, the front marked.

    Baselines without a model cost nothing: they are levels, and keep what is worse than they are off the front. A run
    whose cost is not known is named in the notes.

    Parameters
    ----------
    x : one of `costs.COSTS`; by default the one that most runs of a task have.
    metrics, tasks : only these; by default the first metric of every task.

    Raises
    ------
    UserError
        An unknown task, metric or cost, or nothing to show.
    """
    unit = None if x is None else costs.named(x)
    every = facets(runs, metrics=metrics, tasks=tasks)
    return drawable([_diagram(facet, unit or costs.usual(facet.entries)) for facet in every])


def _diagram(facet: Facet, unit: str) -> Figure:
    priced: list[tuple[Entry, float]] = []
    unknown: dict[str, list[str]] = {}
    for entry in facet.defined:
        value, reason = costs.cost(entry, unit)
        if value is None:
            unknown.setdefault(reason, []).append(entry.title)
        else:
            priced.append((entry, value))
    on_front = set(front([(price, entry.score["value"]) for entry, price in priced], better=facet.better))
    groups: dict[str, list[tuple[int, Entry, float]]] = {}
    for number, (entry, price) in enumerate(priced):
        if price > 0:
            groups.setdefault(entry.model, []).append((number, entry, price))
    series = [
        Series(
            "baseline" if members[0][1].is_baseline else model,
            tuple(entry.point(price, mark="front" if i in on_front else "") for i, entry, price in members),
            muted=members[0][1].is_baseline,
        )
        for model, members in groups.items()
    ]
    prices = [price for _, price in priced if price > 0]
    return Figure(
        kind="pareto",
        title=facet.title,
        x=costs.COSTS[unit],
        y=facet.metric,
        unit=facet.unit,
        better=facet.better,
        series=tuple(series),
        scale="log" if prices and max(prices) >= _SPANS * min(prices) else "linear",
        levels=tuple(Level(entry.method, entry.score["value"]) for entry, price in priced if price == 0),
        confidence=facet.confidence,
        notes=tuple([f"{reason}: {', '.join(names)}" for reason, names in unknown.items()] + facet.notes()),
    )
