"""What a pivoted table is made of: one metric of one run, with the names by which it may be put in rows and columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zsbench.core.errors import UserError, unknown_name
from zsbench.metrics import naming
from zsbench.report.tables import Published, Row, published_entry, rows_by_result
from zsbench.results.finished_run import FinishedRun

DIMENSIONS = ("task", "task_type", "suite", "model", "method", "metric", "seed")

BASELINE = "none"
"""The model of rows that need no model."""


@dataclass(frozen=True)
class Entry:
    """One metric of one run; `measured` is False where only a published value is known."""

    row: Row
    run: FinishedRun
    suite: str
    measured: bool = True
    published: Any = None

    @cached_property
    def names(self) -> dict[str, str]:
        """Its name in each of `DIMENSIONS`."""
        row, settings = self.row, self.run.result.get("config", {}).get("settings")
        seed = settings.get("seed", "") if isinstance(settings, dict) else ""
        named = {"task": row.task, "task_type": row.task_type, "suite": self.suite, "model": row.model}
        return {**named, "method": row.method, "metric": row.metric, "seed": str(seed)}

    @property
    def title(self) -> str:
        """Model and method."""
        return self.run.title

    @property
    def members(self) -> list[str]:
        """The tasks that an average goes over; empty for a task."""
        average = self.run.result.get("config", {}).get("average")
        tasks = average.get("tasks", []) if isinstance(average, dict) else []
        return [str(task) for task in tasks]

    @property
    def is_doubted(self) -> bool:
        """Whether the warning of the run is about this metric: it names the metric, or there is no other."""
        return bool(self.row.warning) and (len(self._metrics) == 1 or self.row.metric in self._doubted)

    @property
    def is_doubted_whole(self) -> bool:
        """Whether the warning of the run is about no metric in particular."""
        return bool(self.row.warning) and len(self._metrics) > 1 and not self._doubted

    @property
    def _metrics(self) -> list[str]:
        return list(self.run.result["metrics"])

    @property
    def _doubted(self) -> list[str]:
        """The metrics that the warning names."""
        return [name for name in self._metrics if re.search(rf"(?<![\w@]){re.escape(name)}(?![\w@])", self.row.warning)]

    def label(self, dimension: str) -> str:
        """Return its name as a head shows it, with what belongs to the name."""
        row, name = self.row, self.names[dimension]
        if dimension == "task":
            return name + (" (synthetic)" if row.synthetic else "")
        if dimension == "method":
            uses = " *" if row.method_kind == "transductive" or row.method_uses else ""
            return name + uses + " !" * self.is_doubted_whole
        if dimension == "metric":
            return f"{name} {'↑' if row.better == 'higher' else '↓'}"
        return f"seed {name}" if dimension == "seed" else name


def entries(runs: Sequence[FinishedRun], expected: Mapping[str, Published] | None = None) -> list[Entry]:
    """Return an entry for each metric of each run, in their order; published values are given by suite."""
    suites = [run.suite for run in runs]
    values = [(expected or {}).get(suite, {}) for suite in suites]
    made = []
    for run, suite, of_suite, rows in zip(runs, suites, values, rows_by_result([r.result for r in runs], values)):  # noqa: B905
        made += [
            Entry(row, run, suite, published=published_entry(run.result, row.metric, of_suite) if of_suite else None)
            for row in rows
        ]
    return made


def chosen(table: Sequence[Entry], conditions: Iterable[str]) -> list[Entry]:
    """Return the entries that conditions hold for: `DIMENSION=NAME`, several of one dimension being alternatives.

    `DIMENSION!=NAME` leaves out.

    Raises
    ------
    UserError
        No such dimension, or no such name in the table.
    """
    wanted: dict[str, set[str]] = {}
    left_out: dict[str, set[str]] = {}
    for condition in conditions:
        dimension, is_given, name = condition.partition("=")
        groups = left_out if dimension.endswith("!") else wanted
        dimension = dimension.removesuffix("!")
        if not is_given:
            raise UserError("--where", f"'{condition}'", "DIMENSION=NAME, such as metric=nDCG@10")
        require_dimension("--where", dimension)
        known = list(dict.fromkeys(entry.names[dimension] for entry in table))
        spelled = naming.named(name, known) if dimension == "metric" else name
        if spelled is None or spelled not in known:
            listed = f"here: {', '.join(known) or 'none'}"
            raise unknown_name("--where", dimension.replace("_", " "), name, known, listed_by=listed)
        groups.setdefault(dimension, set()).add(spelled)
    kept = [
        entry
        for entry in table
        if all(entry.names[d] in names for d, names in wanted.items())
        and not any(entry.names[d] in names for d, names in left_out.items())
    ]
    if not kept:
        raise UserError("--where", "no result fulfils all conditions", "conditions that hold together")
    return kept


def require_dimension(where: str, name: str) -> None:
    """Refuse what cannot be put in rows or columns.

    Raises
    ------
    UserError
        It is not one of `DIMENSIONS`.
    """
    if name not in DIMENSIONS:
        raise unknown_name(where, "dimension", name, DIMENSIONS, listed_by=f"one of {', '.join(DIMENSIONS)}")
