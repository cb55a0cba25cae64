"""Metrics: `statistics(pred, gold) -> per-item array`, then `reduce(array) -> float`.

The string in YAML is the name in every table and file: `nDCG@10`, `nDCG(gain=exp)@10`, `acc@1`. Its grammar is
`NAME[(key=value, ...)][@k]`; key and `k` are keyword arguments of the metric's function. Two kinds of metrics may
share a name; where no task says which is meant, it is written `spans:recall`.

A metric is a function with this decorator:

    @metric("acc", unit="%", interval="wilson")
    def acc(scores, labels, *, k: int = 1):
        '''Share of items whose label is among the k best classes.'''
        return ...                      # (n_items,) or (n_items, n_statistics); a NaN row is an undefined item

From this one shape come, without further code, per-item files, intervals, and paired comparison of two runs.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from zsbench import catalog
from zsbench.errors import UserError, did_you_mean
from zsbench.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    np = lazy("numpy")

_NAME = re.compile(r"^((?:[a-z_]+:)?[A-Za-z][\w-]*?)(?:\(([^()]*)\))?(?:@(\d+))?$")


@dataclass(frozen=True)
class Metric:
    """A metric with its parameters bound.

    Attributes
    ----------
    statistics : `(pred, gold) -> (n_items, n_statistics)`; what pred and gold are is the kind's own matter.
    of_sums : `(sums (..., n_statistics), n (...)) -> (...)`, for metrics that depend on sums over items only.
    of_items : `(statistics) -> float`, for the others (rank statistics, class means).
    strata : column of the statistics that holds the stratum for resampling, if any.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    interval: Literal["wilson", "bootstrap", "normal"]
    statistics: Callable[..., Array]
    of_sums: Callable[[Array, Array], Array] | None
    of_items: Callable[[Array], float] | None
    strata: int | None = None

    def compute(self, pred: Any, gold: Any) -> float:
        """Return the metric of predictions against gold."""
        return self.reduce(as_table(self.statistics(pred, gold)))

    def reduce(self, statistics: Array) -> float:
        """Return the metric of per-item statistics; items whose row is NaN are left out.

        Raises
        ------
        ValueError
            There is no defined item: an empty result is not zero.
        """
        defined = statistics[~np.isnan(statistics).any(axis=1)]
        if not len(defined):
            raise ValueError(f"{self.name} of no items is undefined")
        if self.of_items is not None:
            return float(self.of_items(defined))
        assert self.of_sums is not None
        return float(self.of_sums(defined.sum(axis=0), np.float64(len(defined))))


def as_table(statistics: Array) -> Array:
    """Return statistics as (n_items, n_statistics) float64."""
    table = np.asarray(statistics, dtype=np.float64)
    return table[:, None] if table.ndim == 1 else table


def mean(sums: Array, n: Array) -> Array:
    """Reduce to the mean of the first statistic."""
    return np.asarray(sums[..., 0] / n)


def metric(
    name: str,
    *,
    unit: str = "%",
    better: Literal["higher", "lower"] = "higher",
    interval: Literal["wilson", "bootstrap", "normal"] = "bootstrap",
    of_sums: Callable[..., Any] | None = mean,
    of_items: Callable[..., Any] | None = None,
    strata: int | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a metric under the name YAML uses; keyword arguments of the function become its parameters.

    A parameter that `of_sums` or `of_items` also takes is handed to it as well.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        sums = None if of_items else of_sums
        function.metric = Metric(name, unit, better, interval, function, sums, of_items, strata)  # type: ignore[attr-defined]
        return function

    return decorate


def resolve(name: str, *, kinds: tuple[str, ...] | None = None, where: str = "") -> Metric:
    """Return the metric that a name such as `nDCG(gain=exp)@10` stands for.

    Parameters
    ----------
    name : the metric's name, parameters and cut-off.
    kinds : the metric files that fit the task, e.g. `("ranking",)`; None for all.

    Raises
    ------
    UserError
        Bad grammar, an unknown metric (the nearest is offered), one of another kind, an unknown parameter.
    """
    match = _NAME.match(name)
    if not match:
        raise UserError(where, f"'{name}' is no metric name", "NAME, NAME@k or NAME(key=value)@k")
    base, arguments, cutoff = match.groups()
    known = catalog.metrics(kinds)
    if base not in known:
        hint = did_you_mean(base, known) or f"metrics that fit: {', '.join(known)}"
        raise UserError(where, f"no metric '{base}' for this task", "", hint)
    function = declared(base, kinds=kinds)
    return _bound(function, name, _parameters(function, name, arguments, cutoff, where))


def with_default(name: str, key: str, value: Any, *, kinds: tuple[str, ...]) -> str:
    """Return the metric's name with `key=value` written into it, if it takes the key and does not give it already."""
    match = _NAME.match(name)
    if not match or match.group(1) not in catalog.metrics(kinds):
        return name
    base, arguments, cutoff = match.groups()
    written = {part.partition("=")[0].strip() for part in (arguments or "").split(",")}
    if key in written or key not in inspect.signature(declared(base, kinds=kinds)).parameters:
        return name
    parameters = ",".join([*([arguments] if arguments else []), f"{key}={value}"])
    return f"{base}({parameters})" + (f"@{cutoff}" if cutoff else "")


def declared(base: str, *, kinds: tuple[str, ...] | None = None) -> Any:
    """Return the function declared as metric `base`; its `metric` attribute holds the declaration."""
    module = importlib.import_module(f"zsbench.metrics.{catalog.metrics(kinds)[base].path.stem}")
    functions = (value for value in vars(module).values() if inspect.isfunction(value))
    plain = base.rpartition(":")[2]
    return next(f for f in functions if getattr(f, "metric", None) is not None and f.metric.name == plain)  # type: ignore[attr-defined]


def _parameters(function: Any, name: str, arguments: str | None, cutoff: str | None, where: str) -> dict[str, Any]:
    """Read `key=value` pairs and `@k` against the function's keyword arguments."""
    accepted = {p.name: p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}
    pairs = [part.partition("=") for part in (arguments or "").split(",") if part.strip()]
    given = {key.strip(): text.strip() for key, _, text in pairs}
    if cutoff is not None:
        given["k"] = cutoff
    values: dict[str, Any] = {}
    for key, text in given.items():
        if key not in accepted:
            hint = did_you_mean(key, accepted) or f"it takes: {', '.join(accepted) or 'none'}"
            what = "cut-off @k" if key == "k" else f"parameter '{key}'"
            raise UserError(where, f"metric '{name}' has no {what}", "", hint)
        values[key] = _convert(text, str(accepted[key].annotation), name, key, where)
    if values.get("k") == 0:
        raise UserError(where, f"metric '{name}' cuts at 0", "a cut-off of at least 1")
    missing = [key for key, p in accepted.items() if p.default is p.empty and key not in values]
    if missing:
        raise UserError(where, f"metric '{name}' lacks {', '.join(missing)}", f"e.g. '{name}@10'")
    return values


def _convert(text: str, annotation: str, name: str, key: str, where: str) -> Any:
    try:
        if "int" in annotation:
            return int(text)
        if "float" in annotation:
            return float(text)
    except ValueError:
        raise UserError(where, f"metric '{name}': {key} is '{text}'", "a number") from None
    choices = re.findall(r"'([^']*)'|\"([^\"]*)\"", annotation)
    words = [a or b for a, b in choices]
    if words and text not in words:
        raise UserError(where, f"metric '{name}': {key} is '{text}'", f"one of {', '.join(words)}")
    return text


def _bound(function: Any, name: str, values: dict[str, Any]) -> Metric:
    declared: Metric = function.metric

    def bind(reducer: Any) -> Any:
        if reducer is None:
            return None
        wanted = {key: v for key, v in values.items() if key in inspect.signature(reducer).parameters}
        return functools.partial(reducer, **wanted) if wanted else reducer

    return Metric(
        name,
        declared.unit,
        declared.better,
        declared.interval,
        functools.partial(function, **values),
        bind(declared.of_sums),
        bind(declared.of_items),
        declared.strata,
    )
