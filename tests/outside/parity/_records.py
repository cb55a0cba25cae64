"""What the components of this folder share: an item, and what the rule asks of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from zsbench.models.capabilities import Model


@dataclass(frozen=True)
class Number:
    id: str
    value: int


class DigitScorer(Model, Protocol):
    """Scores how odd a digit is."""

    def oddness(self, digits: Sequence[int]) -> list[float]:
        """Return a number for each digit; the larger, the odder."""
