"""A sequence of checkpoints, each beside the one before it: sizes, scores, differences with intervals.

    d    = v_i - v_(i-1)
    low  = d - sqrt( (v_i - l_i)^2 + (h_(i-1) - v_(i-1))^2 )
    high = d + sqrt( (h_i - v_i)^2 + (v_(i-1) - l_(i-1))^2 )

from the scores' own intervals (l, h), as if the checkpoints had seen different items: on the same items, where their
errors go together, the interval is wider than it need be, never too narrow.

Source: Zou & Donner 2008 (MOVER).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import hypot
from typing import Any

from zsbench.core.errors import UserError, did_you_mean
from zsbench.report.plain import one_line
from zsbench.report.tables import confidence, interval_title, shown

Size = Mapping[str, float | None]
"""`parameters` and `gflops` (of one image) of a model, None where nobody knows."""


@dataclass(frozen=True)
class Step:
    """One checkpoint's score and its difference to the checkpoint before; None where there is nothing."""

    task: str
    method: str
    metric: str
    unit: str
    better: str
    model: str
    parameters: float | None
    gflops: float | None
    confidence: float
    value: float | None
    low: float | None
    high: float | None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None


def steps(
    results: Sequence[dict[str, Any]],
    models: Sequence[str],
    *,
    metrics: Sequence[str] = (),
    sizes: Mapping[str, Size] | None = None,
) -> list[Step]:
    """Return a step for every task, method and metric and every model, the models in the order given.

    Parameters
    ----------
    results : as they stand in result.json.
    models : names of at least two models.
    metrics : only these; without any, the first metric of each task.
    sizes : of the models; what is missing there comes from the results' notes.

    Raises
    ------
    UserError
        A model without results, two results for one row, or results over different data.
    """
    table = _table(results, models)
    known = {model: {**noted(results, model), **(sizes or {}).get(model, {})} for model in models}
    rows: list[Step] = []
    for task, method in dict.fromkeys((task, method) for task, method, _ in table):
        result_of = {model: table[task, method, model] for model in models if (task, method, model) in table}
        _check_data(task, result_of)
        level = _level(task, result_of)
        names = dict.fromkeys(name for result in result_of.values() for name in result["metrics"])
        for metric in [name for name in names if name in metrics] if metrics else list(names)[:1]:
            scores = {model: result["metrics"].get(metric) for model, result in result_of.items()}
            rows += _steps_of_metric((task, method, metric), scores, known, level)
    return rows


def _steps_of_metric(
    about: tuple[str, str, str],
    scores: Mapping[str, dict[str, Any] | None],
    sizes: Mapping[str, Size],
    level: float,
) -> list[Step]:
    """Return a step for every model of `sizes`, in their order; `about` is task, method and metric."""
    first = next(score for score in scores.values() if score is not None)
    named = (*about, first["unit"], first.get("better", "higher"))
    rows: list[Step] = []
    before: dict[str, Any] | None = None
    for model, size in sizes.items():
        score = scores.get(model)
        ends = [None if score is None else score[key] for key in ("value", "low", "high")]
        counted = (size.get("parameters"), size.get("gflops"))
        rows.append(Step(*named, model, *counted, level, *ends, *difference(before, score)))
        before = score
    return rows


def difference(before: dict[str, Any] | None, score: dict[str, Any] | None) -> tuple[float, float, float] | tuple[()]:
    """Return `score` minus `before` with the ends of its interval; nothing where one of the two is undefined."""
    if before is None or score is None or None in (before["value"], score["value"]):
        return ()
    (v1, l1, h1), (v2, l2, h2) = ((score["value"], score["low"], score["high"]) for score in (before, score))
    return v2 - v1, v2 - v1 - hypot(v2 - l2, h1 - v1), v2 - v1 + hypot(h2 - v2, v1 - l1)


def noted(results: Sequence[dict[str, Any]], model: str) -> dict[str, float]:
    """Return what the results say of a model's size."""
    facts = [r.get("notes", {}).get("model", {}) for r in results if r["model"] == model]
    return {key: size[key] for size in facts for key in ("parameters", "gflops") if size.get(key) is not None}


def _table(results: Sequence[dict[str, Any]], models: Sequence[str]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return the models' results by (task, method, model)."""
    known = {result["model"] for result in results}
    for model in models:
        if model not in known:
            hint = did_you_mean(model, known) or f"models: {', '.join(sorted(known))}"
            raise UserError("--models", f"no result of a model '{model}'", "", hint)
    table: dict[tuple[str, str, str], dict[str, Any]] = {}
    for result in results:
        key = (result["task"], result["method"], result["model"])
        if result["model"] in models and table.setdefault(key, result)["config_hash"] != result["config_hash"]:
            found = f"two different results of {' / '.join((key[0], key[2], key[1]))}"
            raise UserError("series", found, "one of each", "name the folder of one suite")
    return table


def _check_data(task: str, row: Mapping[str, dict[str, Any]]) -> None:
    seen = {result["data_fingerprint"]: model for model, result in row.items()}
    if len(seen) > 1:
        found = f"task '{task}': {' and '.join(sorted(seen.values()))} were given different data"
        raise UserError("series", found, "one data set for all", "differences would mean nothing")


def _level(task: str, row: Mapping[str, dict[str, Any]]) -> float:
    """Return the confidence of all intervals of a row; those of a difference come from two of them."""
    levels = sorted({confidence(result) for result in row.values()})
    if len(levels) > 1:
        found = f"task '{task}': intervals at {' and '.join(f'{100 * level:g} %' for level in levels)}"
        raise UserError("series", found, "one `confidence` for all")
    return levels[0]


def to_json(models: Sequence[str], rows: Sequence[Step]) -> dict[str, Any]:
    """Return the steps for a program."""
    return {"schema_version": 1, "models": list(models), "steps": [asdict(step) for step in rows]}


def to_rich(rows: Sequence[Step]) -> Any:
    """Return a rich table, a section for each task, method and metric."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    names = ("task", "method", "metric", "model")
    interval = interval_title(step.confidence for step in rows)
    numbers = ("parameters", "GFLOPs", "value", interval, "step", interval)
    caption = "step: difference to the row above"
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption=caption, caption_justify="left")
    for column in (*names, *numbers):
        grid.add_column(column, justify="left" if column in names else "right", no_wrap=column not in names[:2])
    before: tuple[str, ...] = ()
    for step in rows:
        about = (step.task, step.method, f"{step.metric} {'↑' if step.better == 'higher' else '↓'}")
        if before and about != before:
            grid.add_section()
        shown_names = ("", "", "") if about == before else about
        change = "" if step.difference is None else shown(step.difference, step.unit, sign=True)
        size = ("-" if step.parameters is None else f"{step.parameters / 1e6:.3g} M", _number(step.gflops))
        ends = (
            _interval(step.low, step.high, step.unit),
            _interval(step.difference_low, step.difference_high, step.unit, sign=True),
        )
        value = shown(step.value, step.unit) + (f" {step.unit}" if step.unit and step.value is not None else "")
        grid.add_row(
            *(Text(one_line(name)) for name in (*shown_names, step.model)), *size, value, ends[0], change, ends[1]
        )
        before = about
    return grid


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _interval(low: float | None, high: float | None, unit: str, *, sign: bool = False) -> str:
    return "" if low is None or high is None else f"{shown(low, unit, sign=sign)} – {shown(high, unit, sign=sign)}"
