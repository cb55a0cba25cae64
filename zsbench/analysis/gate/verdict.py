"""What became of a metric of a baseline: the same, better, worse and tolerated, failed, or not to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from zsbench.analysis.gate.baseline import title

Kind = Literal[
    "same", "better", "tolerated", "failed", "undefined", "new", "missing", "incomparable", "unfinished", "damaged"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
PASSES = frozenset({"same", "better", "tolerated"})


@dataclass(frozen=True)
class Verdict:
    """What became of one metric of a run, or of a whole run where `metric` is empty.

    Attributes
    ----------
    reason : why it counts, in words.
    then, now : the values, shares 0-1; None where there is none.
    difference : now minus then, with its interval `low` to `high` where the items gave one.
    tolerance : in the unit of the values; None where none was given.
    """

    suite: str
    task: str
    model: str
    method: str
    metric: str
    kind: Kind
    reason: str = ""
    then: float | None = None
    now: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    tolerance: float | None = None
    unit: str = ""
    better: str = "higher"
    n: int = 0

    @property
    def passes(self) -> bool:
        """Whether the gate stays open."""
        return self.kind in PASSES

    @property
    def run(self) -> str:
        """What the run is called."""
        return title(self.task, self.model, self.method)
