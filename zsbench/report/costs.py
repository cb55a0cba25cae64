"""Columns of what the runs of a row cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from zsbench.core.errors import unknown_name
from zsbench.core.records import Cost
from zsbench.report.entries import Entry
from zsbench.report.grid import MISSING, Cell, Column
from zsbench.report.tables import short

SECONDS = "seconds"
COSTS = (*(field.name for field in fields(Cost)), SECONDS)


def require_known(names: Sequence[str]) -> None:
    """Refuse what no run counts.

    Raises
    ------
    UserError
        A name that is not in `COSTS`.
    """
    for name in names:
        if name not in COSTS:
            raise unknown_name("--cost", "cost", name, COSTS, listed_by=f"one of {', '.join(COSTS)}")


def cost_columns(names: Sequence[str], depth: int) -> list[Column]:
    """Return the heads, under `depth` empty ones."""
    return [Column(name.replace("_", " "), True, ("",) * depth, drop=1) for name in names]


def cost_cells(row: Sequence[Entry], names: Sequence[str]) -> list[Cell]:
    """Return what the runs of a row cost together, each run counted once; memory is a peak, not a sum."""
    runs = {id(e.run): e.run.result for e in row if e.measured and not e.run.is_average}
    return [_cell(name, list(runs.values())) for name in names]


def _cell(name: str, results: Sequence[dict[str, Any]]) -> Cell:
    counted = [result.get(name) if name == SECONDS else result.get("cost", {}).get(name) for result in results]
    known = [value for value in counted if value is not None]
    if not known:
        return Cell(MISSING)
    total = max(known) if name == "peak_memory_mb" else sum(known)
    return Cell(f"{total:.1f}" if name in (SECONDS, "peak_memory_mb") else short(total), value=round(total, 3))
