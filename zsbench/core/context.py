"""What a task needs while it predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from zsbench.core import doubts
from zsbench.core.cache import Cache
from zsbench.core.records import Cost


@dataclass
class RunContext:
    """What a task needs while it predicts.

    `notes` collects choices (searched parameters, warnings) for the result; `prompts` the texts of encoders; `method`
    is the method's name. What predicting counts stands among the notes, so that a resumed run goes on counting, and
    joins the data's counts.
    """

    batch_size: int | str
    cache: Cache
    seed: int
    cost: Cost
    progress: Callable[[int], None] = lambda _done: None
    notes: dict[str, Any] = field(default_factory=dict)
    prompts: dict[str, None] = field(default_factory=dict)
    method: str = ""

    def warn(self, text: str) -> None:
        """Record a doubt that stands beside the result in every table; several stand side by side, each once."""
        before = str(self.notes.get("warning", ""))
        if text not in before:
            self.notes["warning"] = doubts.joined(before, text)

    def count(self, name: str, n: int = 1) -> None:
        """Count something about an item that is shown with the result."""
        counts: dict[str, int] = self.notes.setdefault("counts", {})
        counts[name] = counts.get(name, 0) + n

    def average(self, name: str, value: float) -> None:
        """Take a value of one more item into a mean that stands among the notes; a resumed run goes on with it."""
        mean: dict[str, float] = self.notes.setdefault(name, {"mean": 0.0, "n": 0})
        mean["n"] += 1
        mean["mean"] += (value - mean["mean"]) / mean["n"]
