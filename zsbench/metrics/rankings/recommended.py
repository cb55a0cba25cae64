"""What metrics of sessions get as a prediction: the items recommended, and rewards of the lists behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recommended:
    """The answer to one session.

    Attributes
    ----------
    items : recommended items, best first.
    rewards : by name, what a reward model gives to each list that was generated for the session, (n_lists,).
    """

    items: Sequence[str]
    rewards: Mapping[str, Sequence[float]] = field(default_factory=dict)
