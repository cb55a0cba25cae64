"""`zsbench.Results`: finished runs as tables to work on, and `zsbench.load`, which reads them from folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, overload

from zsbench.api import _arguments
from zsbench.core.errors import UserError, unknown_name
from zsbench.report import entries
from zsbench.results.finished_run import FinishedRun, finished_runs

if TYPE_CHECKING:
    import pandas as pd

    from zsbench.report.entries import Entry

Published = Mapping[tuple[str, str], list[Any]]
Format = Literal["text", "markdown", "latex", "csv", "html", "json"]
Test = Literal["auto", "sign-flips", "t", "wilcoxon", "bootstrap"]
Correction = Literal["holm", "fdr"]
Allowed = Literal["prompts", "data"]
Some = str | Iterable[str] | None
"""One name, several, or None for all."""


def load(places: str | Path | Iterable[str | Path]) -> Results:
    """Return the finished runs under a folder or several, in the order in which they were made.

    Parameters
    ----------
    places : folders of results, of suites or of single runs, or result.json files.

    Raises
    ------
    UserError
        No such folder, or no sound result in it.
    """
    listed = [places] if isinstance(places, str | Path) else list(places) if isinstance(places, Iterable) else [places]
    for place in listed:
        if not isinstance(place, str | Path):
            raise UserError("load()", f"{place!r}"[:80], "a folder, or a list of folders")
    if not listed:
        raise UserError("load()", "no folder named", "a folder written by `zsbench eval` or `zsbench.evaluate`")
    return Results(finished_runs(map(Path, listed), averages=True))


class Results(Sequence[FinishedRun]):
    """Finished runs, in order: `len(results)`, `results[0].result["metrics"]`, `for run in results: run.title`.

    Parameters
    ----------
    runs : each with its folder and its result; rows over several tasks are among them.
    published : published values to put beside the measured ones, by suite, then by (metric, task).
    errors : what ended the runs that failed, by the run's title.
    """

    def __init__(
        self,
        runs: Iterable[FinishedRun],
        *,
        published: Mapping[str, Published] | None = None,
        errors: Mapping[str, UserError] | None = None,
    ) -> None:
        self._runs = list(runs)
        self._published = dict(published or {})
        self.errors = dict(errors or {})

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[FinishedRun]:
        return iter(self._runs)

    @overload
    def __getitem__(self, index: int) -> FinishedRun: ...
    @overload
    def __getitem__(self, index: slice) -> Results: ...
    def __getitem__(self, index: int | slice) -> FinishedRun | Results:
        return self._of(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __repr__(self) -> str:
        """Say how many there are; `print(results.table())` shows them."""
        names = {key: len(set(self._values(key))) for key in ("task", "model", "method")}
        counts = ", ".join(f"{n} {key}{'' if n == 1 else 's'}" for key, n in names.items())
        failed = f"; {len(self.errors)} failed" if self.errors else ""
        return f"<zsbench.Results: {len(self)} run{'' if len(self) == 1 else 's'} ({counts}){failed}>"

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        return self.table("html")

    def where(self, *, suite: Some = None, task: Some = None, model: Some = None, method: Some = None) -> Results:
        """Return the runs of these suites, tasks, models and methods.

        Raises
        ------
        UserError
            No run has one of the names.
        """
        runs = self._runs
        for key, wanted in (("suite", suite), ("task", task), ("model", model), ("method", method)):
            if wanted is None:
                continue
            names = _arguments.names(f"where({key}=...)", wanted)
            known = self._values(key)
            for name in names:
                if name not in known:
                    listed = ", ".join(dict.fromkeys(known)) or "none"
                    raise unknown_name(f"where({key}=...)", key, name, known, listed_by=f"here: {listed}")
            runs = [run for run in runs if _value(run, key) in names]
        return self._of(runs)

    def frame(self) -> pd.DataFrame:
        """Return one row a metric of a run: its suite, and what `zsbench table --format csv` says; shares are 0-1."""
        from zsbench.api import frames

        return frames.of_metrics(self._entries())

    def items(self, *, task: Some = None, model: Some = None, method: Some = None, metric: Some = None) -> pd.DataFrame:
        """Return one row an item of a run: names, id, group and cluster, each metric's statistics, the prediction.

        A metric that is a mean over items has one column of its name, another one a column for each of its statistics
        (`F1.tp`). Where runs have different metrics, the others' cells are NaN. Rows over several tasks have no items.

        Raises
        ------
        UserError
            No run has one of the names, or a run's items are missing or damaged.
        """
        from zsbench.api import frames

        chosen = self.where(task=task, model=model, method=method)
        return frames.of_items([run for run in chosen if not run.is_average], metric)

    def compare(
        self,
        *sides: Results | str,
        metrics: Sequence[str] = (),
        test: Test = "auto",
        correction: Correction = "holm",
        confidence: float = 0.95,
        allow: Sequence[Allowed] = (),
        resamples: int = 10_000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return one row a metric of two runs over the same items: second minus first, interval, paired test, verdict.

        `results.compare("bm25", "icr")` compares runs of these results, by method, model or `model / method`;
        `before.compare(after)` these results with others. Of more than two sides every two are compared. What was left
        out stands in `.attrs["notes"]` of the table.

        Parameters
        ----------
        sides : other results, or names of sides among these; one alone is compared with these results.
        metrics : only these.
        test : of metrics that are means over items; `auto` is the one that fits the metric.
        correction : adjusts p for all rows together: Holm, or Benjamini and Hochberg (`fdr`).
        confidence : of the intervals.
        allow : compare although this differs.
        resamples, seed : of the paired bootstrap.

        Raises
        ------
        UserError
            No run has such a name, it is not clear which runs are meant, or they are not over the same items.
        """
        from zsbench.analysis.comparison import Settings
        from zsbench.api import frames

        if not sides:
            raise UserError("compare()", "nothing to compare with", "other results, or two names of runs among these")
        listed = [(str(side), self._side(side)) for side in ((self, *sides) if len(sides) == 1 else sides)]
        listed = [(_side_title(runs, title), runs) for title, runs in listed]
        for (first, runs), (second, others) in combinations(listed, 2):
            shared = [run.title for run in runs if run in list(others)]
            if shared:
                raise UserError("compare()", f"'{first}' and '{second}' both name {shared[0]}", "two sides apart")
        _arguments.one_of("compare(test=...)", "test", test, get_args(Test))
        _arguments.one_of("compare(correction=...)", "correction", correction, get_args(Correction))
        allowed = _arguments.names("compare(allow=...)", allow)
        for name in allowed:
            _arguments.one_of("compare(allow=...)", "difference", name, get_args(Allowed))
        settings = Settings(
            _arguments.whole("compare(resamples=...)", resamples, least=100),
            _arguments.whole("compare(seed=...)", seed, least=0),
            _arguments.share("compare(confidence=...)", confidence),
            test,
            cast("tuple[Allowed, ...]", allowed),
        )
        sets = [(title, list(runs)) for title, runs in listed]
        chosen = _arguments.names("compare(metrics=...)", metrics)
        with _arguments.named_as_in_python():
            return frames.of_differences(sets, metrics=chosen, correction=correction, settings=settings)

    def table(
        self,
        format: Format = "text",
        *,
        rows: Sequence[str] = (),
        cols: Sequence[str] = (),
        caption: str = "",
        label: str = "",
        width: int = 120,
    ) -> str:
        """Return a table as a text: to print (`width` columns wide), or to paste.

        Parameters
        ----------
        rows, cols : what `zsbench table --rows` and `--cols` take (task, task_type, suite, model, method, metric,
            seed); without either, a line a metric of a run, as `zsbench eval` prints it.
        caption, label : above the table, and of the float in LaTeX.

        Raises
        ------
        UserError
            No such format or dimension, or two results for one cell.
        """
        from zsbench.api import tables

        width = _arguments.whole("table(width=...)", width, least=20)
        rows, cols = _arguments.names("table(rows=...)", rows), _arguments.names("table(cols=...)", cols)
        with _arguments.named_as_in_python():
            return tables.written(
                self._entries(), format, rows=rows, cols=cols, caption=caption, label=label, width=width
            )

    def _side(self, side: Results | str) -> Results:
        if isinstance(side, Results):
            return side
        runs = [run for run in self._runs if side in (run.title, run.result["model"], run.result["method"])]
        if not runs:
            known = [*self._values("method"), *self._values("model")]
            listed = ", ".join(dict.fromkeys(known)) or "none"
            raise unknown_name("compare()", "method or model", str(side), known, listed_by=f"here: {listed}")
        return self._of(runs)

    def _of(self, runs: list[FinishedRun]) -> Results:
        return Results(runs, published=self._published)

    def _values(self, key: str) -> list[str]:
        return [_value(run, key) for run in self._runs]

    def _entries(self) -> list[Entry]:
        return entries.entries(self._runs, self._published)


def _side_title(runs: Results, name: str) -> str:
    """Return what messages call a side: the run's title where it is of one model and method."""
    titles = {run.title for run in runs}
    return titles.pop() if len(titles) == 1 else name


def _value(run: FinishedRun, key: str) -> str:
    return run.suite if key == "suite" else str(run.result[key])
