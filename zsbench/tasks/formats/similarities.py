"""Similarities as JSONL, `{"id": ..., "similarities": ...}`: the predictions of tasks that match images and texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.tasks.formats.format import JsonLines


@dataclass(frozen=True)
class Similarities(JsonLines):
    """A list of numbers an item, or a table of them.

    Attributes
    ----------
    noun : what messages call an item.
    shape : returns the shape that an item's similarities have.
    layout : that shape in words: (`list`, `a number a candidate`).
    """

    noun: str
    shape: Callable[[Any], tuple[int, ...]]
    layout: tuple[str, str]
    keys: ClassVar[dict[str, type]] = {"similarities": list}

    def row(self, item: Any, prediction: Any) -> dict[str, Any]:
        """Return the similarities as lists."""
        return {"similarities": np.asarray(prediction).tolist()}

    def parse(self, row: dict[str, Any], item: Any, where: str) -> Any:
        """Return the similarities as an array."""
        form, expected = self.layout
        try:
            return np.asarray(row["similarities"], dtype=np.float64)
        except (ValueError, TypeError):
            raise UserError(where, f"similarities are no {form} of numbers", expected) from None

    def check(self, item: Any, prediction: Any) -> str:
        """Say what is wrong with the shape or the values."""
        expected = self.shape(item)
        if np.shape(prediction) != expected:
            return f"{self.noun} {item.id}: similarities {np.shape(prediction)}, expected {expected}"
        return f"{self.noun} {item.id}: a similarity is NaN" if np.isnan(prediction).any() else ""

    def preview(self, prediction: Any) -> str:
        """Return the numbers of a list, best first; of a table, the best of each row."""
        values = np.asarray(prediction)
        numbers = np.argsort(-values, kind="stable") if values.ndim == 1 else values.argmax(axis=1)
        return " ".join(map(str, numbers))
