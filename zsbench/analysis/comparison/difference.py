"""What one metric says of two systems, and p among all that were asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from zsbench.metrics.paired import benjamini_hochberg, holm

Correction = Literal["holm", "fdr"]
_NAN = float("nan")


@dataclass(frozen=True)
class SeedSpread:
    """How much the seeds of a stochastic method move a metric: a variance beside that of the items, never added to it.

    Attributes
    ----------
    first, second : the metric of each seed's run.
    paired : second minus first for each seed that both have; empty where seeds are not the same on both sides.
    std_first, std_second, std_paired : over seeds, ddof 1; None for fewer than two.
    """

    first: tuple[float, ...]
    second: tuple[float, ...]
    paired: tuple[float, ...] = ()

    @property
    def std_first(self) -> float | None:
        """Over the seeds of the first side."""
        return _std(self.first)

    @property
    def std_second(self) -> float | None:
        """Over the seeds of the second side."""
        return _std(self.second)

    @property
    def std_paired(self) -> float | None:
        """Of the differences seed by seed."""
        return _std(self.paired)


def _std(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


@dataclass(frozen=True)
class Difference:
    """What one metric says of two systems on one task; shares are 0-1.

    Attributes
    ----------
    value : second minus first, with the interval `low` to `high` and the p of no difference.
    test : the paired test behind p.
    method : how the interval was found: `bootstrap(B=10000, seed=0, clusters=110)`.
    resamples, seed : B and the seed of the bootstrap and of random sign flips.
    n, n_clusters : items that both have a value for, and their clusters where items come in any.
    left_out : items for which the metric is undefined in one run only; `undefined` counts those undefined in both.
    wins, ties, losses : items on which the second is better, alike or worse; None where an item has no value.
    adjusted : p among all differences of the comparison, by the wanted correction; `holm` and `fdr` by either.
    seeds : what seeds do, where a side has several runs that differ in seed only.
    note : what keeps the interval from covering the truth as often as it says (`few items: 12`); mostly empty.
    """

    task: str
    metric: str
    unit: str
    better: str
    first: float
    second: float
    value: float
    low: float
    high: float
    p: float
    test: str
    n: int
    left_out: int
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    adjusted: float = _NAN
    undefined: int = 0
    n_clusters: int | None = None
    method: str = ""
    resamples: int = 0
    seed: int = 0
    confidence: float = 0.95
    holm: float = _NAN
    fdr: float = _NAN
    seeds: SeedSpread | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """`better` or `worse` for the second run where the adjusted p is at most 5 %, else nothing."""
        if not self.adjusted <= 0.05 or self.value == 0:
            return ""
        return "better" if (self.value > 0) == (self.better == "higher") else "worse"

    @property
    def relative_improvement(self) -> float:
        """What the second run is better by, as a share of the first run's value: (3 - 2) / 3 of a distance of 3.

        Undefined (NaN) where that value is 0.
        """
        better = self.value if self.better == "higher" else -self.value
        return better / abs(self.first) if self.first else _NAN

    @property
    def stars(self) -> str:
        """`**` where the adjusted p is at most 1 %, `*` at most 5 %."""
        if self.value == 0:
            return ""
        return "**" if self.adjusted <= 0.01 else "*" if self.adjusted <= 0.05 else ""

    def reversed(self) -> Difference:
        """Return what it is with the sides exchanged."""
        seeds = self.seeds
        if seeds is not None:
            seeds = SeedSpread(seeds.second, seeds.first, tuple(-value for value in seeds.paired))
        turned = replace(self, first=self.second, second=self.first, wins=self.losses, losses=self.wins, seeds=seeds)
        return replace(turned, value=-self.value, low=-self.high, high=-self.low)

    def as_dict(self) -> dict[str, Any]:
        """Return it as `--json` has it; what is undefined is None.

        The ends of the interval are `ci95_low` and `ci95_high` at a confidence of 95 %, `ci90_low` at 90 %.
        """
        level = f"ci{100 * self.confidence:.10g}"
        seeds = self.seeds
        numbers = {
            "first": self.first,
            "second": self.second,
            "delta": self.value,
            f"{level}_low": self.low,
            f"{level}_high": self.high,
            "p": self.p,
            "p_holm": self.holm,
            "p_fdr": self.fdr,
            "p_adjusted": self.adjusted,
            "relative_improvement": self.relative_improvement,
        }
        return {
            "task": self.task,
            "metric": self.metric,
            "unit": self.unit,
            "better": self.better,
            **{key: None if math.isnan(number) else number for key, number in numbers.items()},
            "stars": self.stars,
            "verdict": self.verdict,
            "n_items": self.n,
            "n_clusters": self.n_clusters,
            "left_out": self.left_out,
            "undefined": self.undefined,
            "wins": self.wins,
            "ties": self.ties,
            "losses": self.losses,
            "test": self.test,
            "method": self.method,
            "B": self.resamples,
            "seed": self.seed,
            "confidence": self.confidence,
            "note": self.note,
            "seeds": None
            if seeds is None
            else {
                "first": list(seeds.first),
                "second": list(seeds.second),
                "paired": list(seeds.paired),
                "std_first": seeds.std_first,
                "std_second": seeds.std_second,
                "std_paired": seeds.std_paired,
            },
        }


def adjusted(rows: Sequence[Difference], correction: Correction = "holm") -> list[Difference]:
    """Return all differences of a comparison with their p among each other; one without a p stays without."""
    columns = {name: _among(correct, [row.p for row in rows]) for name, correct in _CORRECTIONS.items()}
    return [
        replace(row, adjusted=columns[correction][i], holm=columns["holm"][i], fdr=columns["fdr"][i])
        for i, row in enumerate(rows)
    ]


_CORRECTIONS: dict[str, Callable[[Sequence[float]], list[float]]] = {"holm": holm, "fdr": benjamini_hochberg}


def _among(correct: Callable[[Sequence[float]], list[float]], p: Sequence[float]) -> list[float]:
    known = iter(correct([value for value in p if not math.isnan(value)]))
    return [value if math.isnan(value) else next(known) for value in p]
