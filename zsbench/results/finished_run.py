"""A finished run as later questions need it: its result, its folder and, once asked for, its items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from zsbench.config import catalog
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import DoubleArray
from zsbench.metrics import naming
from zsbench.metrics.metric import Metric
from zsbench.results import store
from zsbench.results.items import item_statistics

AVERAGE = "average"
"""The type of rows over several tasks, which have no items."""


@dataclass(frozen=True)
class FinishedRun:
    """One run: its result and the folder that it lies in."""

    folder: Path
    result: dict[str, Any] = field(repr=False)

    @property
    def title(self) -> str:
        """Model and method."""
        return f"{self.result['model']} / {self.result['method']}"

    @property
    def names(self) -> tuple[str, str, str]:
        """Task, model and method."""
        return self.result["task"], self.result["model"], self.result["method"]

    @property
    def suite(self) -> str:
        """The name of the suite, by the folder (`<suite>/<task>/<model>/<method>`); empty where there is none."""
        parents = self.folder.absolute().parents
        return parents[2].name if len(parents) > 2 else ""

    @property
    def is_average(self) -> bool:
        """Whether it is a row over several tasks."""
        return bool(self.result.get("task_type") == AVERAGE)

    @cached_property
    def items(self) -> dict[str, Any]:
        """The columns of items.parquet as arrays, by name.

        Raises
        ------
        UserError
            The run has no such file, or it is damaged.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.folder / "items.parquet"
        if not path.is_file():
            raise UserError(shown(self.folder), "items.parquet is missing", "the folder as `zsbench eval` wrote it")
        try:
            table = pq.read_table(path)
            columns = {name: table[name].to_numpy() for name in table.column_names}
        except (pa.ArrowException, OSError) as error:
            # What pyarrow says of it stands in the traceback that --debug prints.
            raise UserError(shown(path), "not a table of items, or damaged", "the file that the run wrote") from error
        lacking = [name for name in ("id", "prediction") if name not in columns]
        if lacking:
            raise UserError(shown(path), f"no column '{lacking[0]}'", "the file that the run wrote")
        return columns

    @property
    def clusters(self) -> Any:
        """The name of each item's cluster (n_items,), or None where items are independent."""
        return self.items.get("cluster")

    def metric(self, name: str) -> Metric:
        """Return a metric of the result by its name there."""
        return naming.resolve(name, kinds=catalog.load_module("tasks", self.result["task_type"]).Task.metric_kinds)

    def statistics(self, metric: Metric) -> DoubleArray:
        """Return a metric's statistics (n_items, n_statistics).

        Raises
        ------
        UserError
            items.parquet lacks them, or holds something else in their place.
        """
        try:
            return item_statistics(metric, self.items)
        except (ValueError, TypeError) as error:
            problem = f"no numbers of metric '{metric.name}' ({error})"
            raise UserError(shown(self.folder / "items.parquet"), problem, "the file that the run wrote") from None


def finished_runs(places: Iterable[Path], *, averages: bool = False) -> list[FinishedRun]:
    """Return the runs under folders (or in single result files), each once, in the order in which they were made.

    Parameters
    ----------
    places : results, folders of results, suites' folders.
    averages : with the rows over several tasks, too.

    Raises
    ------
    UserError
        As `store.located_results`.
    """
    located = (pair for place in places for pair in store.located_results(place))
    runs = {path.parent.resolve(): FinishedRun(path.parent, result) for path, result in located}
    return [run for run in runs.values() if averages or not run.is_average]
