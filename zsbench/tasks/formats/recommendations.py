"""Recommended items as JSONL, `{"id": ..., "items": [best first], "rewards": {name: [a number a list]}}`."""

from __future__ import annotations

from typing import Any, ClassVar

from zsbench.core.errors import UserError
from zsbench.metrics.rankings.recommended import Recommended
from zsbench.tasks.formats.format import JsonLines


class Recommendations(JsonLines):
    """Items of a catalogue, best first, and where a reward model judged lists of them, its rewards.

    An item that is named twice takes two places, which the metrics know.
    """

    noun = "session"
    keys: ClassVar[dict[str, type]] = {"items": list}

    def row(self, item: Any, prediction: Recommended) -> dict[str, Any]:
        """Return the items, and the rewards where there are some."""
        rewards = {"rewards": prediction.rewards} if prediction.rewards else {}
        return {"items": list(prediction.items)} | rewards

    def parse(self, row: dict[str, Any], item: Any, where: str) -> Recommended:
        """Return the recommended items.

        Raises
        ------
        UserError
            Rewards are no lists of numbers.
        """
        rewards = row.get("rewards", {})
        if not isinstance(rewards, dict) or not all(_numbers(values) for values in rewards.values()):
            raise UserError(where, "rewards are no lists of numbers", '`{"rewards": {name: [a number a list]}}`')
        return Recommended([str(name) for name in row["items"]], rewards)

    def preview(self, prediction: Recommended) -> str:
        """Return the first ten items."""
        return " ".join(prediction.items[:10])


def _numbers(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) in (int, float) and abs(value) < 1e300 for value in values)
