"""What a task type says once about its predictions: how they stand in files, and what may be in them."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from zsbench.core import files, jsonfiles
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import add_unique


class Format(ABC):
    """One way in which predictions stand in files.

    Attributes
    ----------
    suffixes : of the files that `read` takes from a folder; the first is that of the files written.
    """

    suffixes: ClassVar[tuple[str, ...]]

    @abstractmethod
    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Write the predictions of some items."""

    def append(self, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Write the first predictions of a shard in progress; a format may only add what the file lacks."""
        self.write(path, items, predictions)

    @abstractmethod
    def read(self, path: Path, items: Sequence[Any]) -> dict[str, Any]:
        """Return predictions by item id; what is wrong in the file is a `UserError` with file and line."""

    def check(self, item: Any, prediction: Any) -> str:
        """Return what is wrong with a prediction (NaN, wrong shape), or an empty string."""
        return ""

    @abstractmethod
    def preview(self, prediction: Any) -> str:
        """Return a short text of a prediction for items.parquet."""


class JsonLines(Format):
    """One JSON object a line, `{"id": ..., ...}`.

    Attributes
    ----------
    noun : what messages call an item.
    keys : what a line holds beside its id, with the types of the values.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".jsonl",)
    noun: str
    keys: ClassVar[dict[str, type]]

    @abstractmethod
    def row(self, item: Any, prediction: Any) -> dict[str, Any]:
        """Return what stands in a line beside the id."""

    @abstractmethod
    def parse(self, row: dict[str, Any], item: Any, where: str) -> Any:
        """Return the prediction of a line; `item` is None where the task has none of that id."""

    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Write a line an item."""
        rows = ({"id": item.id} | self.row(item, one) for item, one in zip(items, predictions, strict=True))
        files.write_bytes(path, "".join(json.dumps(row) + "\n" for row in rows).encode())

    def read(self, path: Path, items: Sequence[Any]) -> dict[str, Any]:
        """Return predictions by item id.

        Raises
        ------
        UserError
            A line that is no JSON, lacks a key, or repeats an id.
        """
        known = {item.id: item for item in items}
        predictions: dict[str, Any] = {}
        for number, row in jsonfiles.lines(path, {"id": str, **self.keys}, finite=True):
            where = f"{shown(path)}:{number}"
            prediction = self.parse(row, known.get(row["id"]), where)
            add_unique(predictions, row["id"], prediction, where=where, kind=self.noun)
        return predictions
