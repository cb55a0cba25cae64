"""Similarities as JSONL, `{"id": ..., "similarities": ...}`: the predictions of tasks that match images and texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zsbench.core import files, jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.lazy import lazy
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import add_unique

np = lazy("numpy")


def write_similarities(path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
    """Write a line an item."""
    rows = zip(items, predictions, strict=True)
    lines = [json.dumps({"id": item.id, "similarities": np.asarray(row).tolist()}) for item, row in rows]
    files.write_bytes(path, ("\n".join(lines) + "\n").encode())


def read_similarities(path: Path, *, kind: str, shape: str, expected: str) -> dict[str, Any]:
    """Return arrays by the id of their item; `kind`, `shape` and `expected` are the words of messages.

    Raises
    ------
    UserError
        A line that is no JSON, lacks a key, holds no numbers, or repeats an id.
    """
    found: dict[str, Any] = {}
    for number, row in jsonfiles.lines(path, {"id": str, "similarities": list}):
        where = f"{shown(path)}:{number}"
        try:
            values = np.asarray(row["similarities"], dtype=np.float64)
        except (ValueError, TypeError):
            raise UserError(where, f"similarities are no {shape} of numbers", expected) from None
        add_unique(found, row["id"], values, where=where, kind=kind)
    return found
