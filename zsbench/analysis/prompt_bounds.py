"""Bounds on prompts as a table: one row a training result, with the test error of the same prompts beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zsbench.analysis import pac_bayes
from zsbench.analysis.prompt_prior import prompts_of, set_of, split_of
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.metrics.correlation import spearman
from zsbench.report.plain import one_line


@dataclass(frozen=True)
class Row:
    """One classifier: errors and bounds are 0-1 (a bound above 1 says nothing), KL is in nats."""

    task: str
    model: str
    method: str
    kl: float
    n: int
    train_error: float
    test_error: float | None
    mcallester: float
    seeger: float
    union: float

    @property
    def gap(self) -> float | None:
        """What McAllester's bound gives away: bound, at most 1, less test error."""
        return None if self.test_error is None else pac_bayes.clipped(self.mcallester) - self.test_error


def rows(
    trained: Sequence[dict[str, Any]],
    tested: Sequence[dict[str, Any]],
    kl_of: Callable[[Sequence[str], dict[str, Any]], float],
    *,
    texts: list[str] | None = None,
    delta: float = 0.01,
    chosen_on: bool = False,
) -> list[Row]:
    """Return a row for each training result.

    Parameters
    ----------
    trained : results on the split that the prompts were chosen with.
    tested : results on the test split; the one of the same data set, model, method and prompts is shown beside.
    kl_of : `(texts, result) -> KL in nats`.
    texts : the prompts, where results do not tell them.
    delta : probability that a bound fails.
    chosen_on : take `trained` at the caller's word, unless its data are called a test split.

    Raises
    ------
    UserError
        A result is on a test split or on one that does not say, or has no acc@1; several test results belong to one.
    """
    table = []
    for result in trained:
        _require_training_split(result, chosen_on=chosen_on)
        error, n = _error(result)
        kl = kl_of(texts or prompts_of(result), result)
        bounds = pac_bayes.bounds(error, kl, n, delta=delta)
        names = result["task"], result["model"], result["method"]
        beside = _beside(result, tested, texts)
        table.append(Row(*names, kl, n, error, None if beside is None else _error(beside)[0], **asdict(bounds)))
    return table


def _beside(
    trained: dict[str, Any], tested: Sequence[dict[str, Any]], texts: list[str] | None
) -> dict[str, Any] | None:
    """Return the test result of the same prompts on the same data set, by the task's name or else by its data."""
    name, data = set_of(trained)
    named = [r for r in tested if (r["model"], r["method"]) == (trained["model"], trained["method"])]
    same = [result for result in named if texts or prompts_of(result) == prompts_of(trained)]
    of_set = [result for result in same if set_of(result)[0] == name] or [r for r in same if set_of(r)[1] == data]
    tasks = list(dict.fromkeys(result["task"] for result in of_set))
    if len(tasks) > 1 or len({_error(result) for result in of_set}) > 1:
        found = f"{len(of_set)} test results of {trained['task']}: {' and '.join(tasks)}"
        raise UserError("--test", found, "one", "name the folder of one of them")
    return of_set[0] if of_set else None


def unmatched(table: Sequence[Row], tested: Sequence[dict[str, Any]]) -> str:
    """Return what is said of test results where some rows have none: their tasks; nothing where every row has one."""
    lacking = [row.task for row in table if row.test_error is None]
    if not tested or not lacking:
        return ""
    names = ", ".join(dict.fromkeys(result["task"] for result in tested))
    return f"No test result of the same data set, model, method and prompts: {', '.join(lacking)} (--test has {names})"


def _require_training_split(result: dict[str, Any], *, chosen_on: bool) -> None:
    split, where = split_of(result), f"{result['task']} / {result['model']} / {result['method']}"
    if split == "test":
        hint = "run the task on its training split, and give this result as --test"
        raise UserError(where, "a result on a test split, where no bound holds", "the training split's result", hint)
    if split != "train" and not chosen_on:
        expected = "data whose split or file is called `train`"
        raise UserError(where, "the data do not say that they are a training split", expected, "or --chosen-on")


def _error(result: dict[str, Any]) -> tuple[float, int]:
    """Return the 0/1 error and the number of images."""
    score = result["metrics"].get("acc@1")
    if score is None or score["value"] is None:
        raise UserError(result["task"], "a result without acc@1", "a classification result with this metric")
    return 1 - score["value"], score["n"]


def read_prompts(file: Path) -> list[str]:
    """Return the prompts of a JSON file {class: prompt or list of prompts}.

    Raises
    ------
    UserError
        No such file, or another content.
    """
    expected = "JSON {class: prompt or list of prompts}"
    value = jsonfiles.read(file, expected)
    of_class = value.values() if isinstance(value, dict) else ()
    lists = [[prompts] if isinstance(prompts, str) else prompts for prompts in of_class]
    texts = [text for prompts in lists if isinstance(prompts, list) for text in prompts]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise UserError(shown(file), "no prompts by class", expected)
    return texts


def rank_correlation(table: Sequence[Row]) -> float | None:
    """Return Spearman's correlation of McAllester's bound and test error; None below three rows or without spread."""
    beside = [row for row in table if row.test_error is not None]
    return spearman([row.mcallester for row in beside], [float(row.test_error or 0) for row in beside])


def to_json(table: Sequence[Row], *, prior: str, delta: float) -> str:
    """Return rows as JSON with a schema version; bounds are raw, `clipped` holds them as statements about an error."""
    names = ("mcallester", "seeger", "union")
    encoded = [
        {**asdict(row), "gap": row.gap, "clipped": {name: pac_bayes.clipped(getattr(row, name)) for name in names}}
        for row in table
    ]
    facts = {"prior": prior, "delta": delta, "rank_correlation": rank_correlation(table)}
    return json.dumps({"schema_version": 1, **facts, "rows": encoded}, indent=2, ensure_ascii=False)


def to_rich(table: Sequence[Row], *, prior: str, delta: float) -> Any:
    """Return a rich table; errors and bounds in percent, a bound above 100 as it is."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = ("KL, nats", "n", "train error", "test error", "McAllester", "Seeger", "union", "gap")
    correlation = rank_correlation(table)
    notes = [f"Bounds hold with probability {1 - delta:g}; prior: {prior}. Gap: McAllester (at most 100) - test error."]
    notes += [f"Spearman correlation of bound and test error: {correlation:.2f}"] if correlation is not None else []
    grid = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, caption=Text("\n".join(notes), "table.caption"), caption_justify="left"
    )
    for name in ("task", "model", "method"):
        grid.add_column(name)
    for name in columns:
        grid.add_column(name, justify="right", no_wrap=True)
    for row in table:
        shares = (row.train_error, row.test_error, row.mcallester, row.seeger, row.union, row.gap)
        texts = ["-" if share is None else f"{100 * share:.1f} %" for share in shares]
        grid.add_row(
            *(Text(one_line(name)) for name in (row.task, row.model, row.method)), f"{row.kl:.1f}", str(row.n), *texts
        )
    return grid
