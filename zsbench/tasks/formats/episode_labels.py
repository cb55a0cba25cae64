"""Labels of an episode's queries as JSONL, `{"id": ..., "labels": [...]}`, with the rows that it is made of."""

from __future__ import annotations

from typing import Any, ClassVar

from zsbench.core.errors import UserError
from zsbench.tasks.formats.format import JsonLines


class EpisodeLabels(JsonLines):
    """For each query, in the episode's order, its class as 0..way-1."""

    noun = "episode"
    keys: ClassVar[dict[str, type]] = {"labels": list}

    def row(self, item: Any, prediction: list[int]) -> dict[str, Any]:
        """Return the labels, and which rows of the features file are support and queries."""
        return {**item.described(), "labels": prediction}

    def parse(self, row: dict[str, Any], item: Any, where: str) -> list[int]:
        """Return the labels.

        Raises
        ------
        UserError
            Labels that are no whole numbers, or of other queries than the task draws.
        """
        labels: list[int] = row["labels"]
        if not all(type(label) is int for label in labels):
            raise UserError(where, "'labels' are not all whole numbers", "0..way-1 for each query")
        if item is not None and row.get("query", list(item.query)) != list(item.query):
            hint = "same features file, `episode_seed`, way, shots and queries?"
            raise UserError(where, f"episode '{row['id']}' has other queries than the task draws", "", hint)
        return labels

    def check(self, item: Any, prediction: list[int]) -> str:
        """Say whether labels are missing or no classes of the episode."""
        if len(prediction) != len(item.query):
            return f"episode {item.id}: {len(prediction)} labels for {len(item.query)} queries"
        bad = [label for label in prediction if not 0 <= label < len(item.classes)]
        return f"episode {item.id}: label {bad[0]} of {len(item.classes)} classes" if bad else ""

    def preview(self, prediction: list[int]) -> str:
        """Return the labels in one text."""
        return " ".join(map(str, prediction))
