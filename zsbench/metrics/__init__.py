"""Metrics: `statistics(pred, gold) -> per-item array`, then `reduce(array) -> float`.

The name in every table and file is `NAME[(key=value, ...)][@k]`: `nDCG@10`, `nDCG(gain=exp)@10`, `acc@1`. Key and `k`
are keyword arguments of the metric's function, declared and checked like the options of any component. However it is
spelled in YAML, a metric has one name (see `_names`). Two kinds of metrics may share a name; where no task says which
is meant, it is written `spans:recall`.

A metric is a function with this decorator:

    @metric("acc", unit="%", interval="wilson")
    def acc(scores, labels, *, k: int = 1):
        '''Share of items whose label is among the k best classes.'''
        return ...                      # (n_items,) or (n_items, n_statistics); a NaN row is an undefined item

From this one shape come, without further code, per-item files, intervals, and paired comparison of two runs.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from zsbench import catalog
from zsbench.components import option_defaults
from zsbench.errors import UserError, UserErrors, did_you_mean
from zsbench.lazy import lazy
from zsbench.metrics import _names
from zsbench.metrics._names import Written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    np = lazy("numpy")


@dataclass(frozen=True)
class Metric:
    """A metric with its parameters bound.

    Attributes
    ----------
    statistics : `(pred, gold) -> (n_items, n_statistics)`; what pred and gold are is the kind's own matter.
    of_sums : `(sums (..., n_statistics), n (...)) -> (...)`, for metrics that depend on sums over items only.
    of_items : `(statistics) -> float`, for the others (rank statistics, class means).
    strata : column of the statistics that holds the stratum for resampling, if any.
    spelled_out : parameters that stand in the name at their defaults too, because it says little without them.
    columns : names of the statistics in files of items; numbers where there are others than these.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    interval: Literal["wilson", "bootstrap", "normal"]
    statistics: Callable[..., Array]
    of_sums: Callable[[Array, Array], Array] | None
    of_items: Callable[[Array], float] | None
    strata: int | None = None
    spelled_out: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

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
    spelled_out: tuple[str, ...] = (),
    columns: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a metric under the name YAML uses; keyword arguments of the function become its parameters.

    A parameter that `of_sums` or `of_items` also takes is handed to it as well.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        sums = None if of_items else of_sums
        facts = Metric(name, unit, better, interval, function, sums, of_items, strata, spelled_out, columns)
        function.metric = facts  # type: ignore[attr-defined]
        return function

    return decorate


def resolve(name: str, *, kinds: tuple[str, ...] | None = None, where: str = "") -> Metric:
    """Return the metric that a name such as `nDCG(gain=exp)@10` stands for; its own name is the canonical one.

    Parameters
    ----------
    name : the metric's name, parameters and cut-off; trec_eval's names (`ndcg_cut_10`) are known too.
    kinds : the metric files that fit the task, e.g. `("ranking",)`; None for all.

    Raises
    ------
    UserError
        Bad grammar, an unknown metric (the nearest is offered), one of another kind, an unknown parameter or a value
        that its declaration refuses.
    """
    written = _written(name, kinds, where)
    known = catalog.metrics(kinds)
    if written.base not in known:
        raise UserError(where, f"no metric '{written.base}' for this task", "", _nearest(written, known))
    function = declared(written.base, kinds=kinds)
    values = _names.bound(function, written, where)
    canonical = _names.spelled(written.base, function, values, spelled_out=function.metric.spelled_out)
    return _bound(function, canonical, values)


def resolve_all(names: Sequence[str], *, kinds: tuple[str, ...], where: Callable[[int], str]) -> list[Metric]:
    """Return the metrics of a task; `where(i)` is the place of the i-th name.

    Raises
    ------
    UserErrors
        Every name that is wrong, and every metric that stands in the list twice under whatever spelling.
    """
    found: dict[str, Metric] = {}
    errors: list[UserError] = []
    for number, name in enumerate(names):
        try:
            metric = resolve(name, kinds=kinds, where=where(number))
        except UserError as error:
            errors.append(error)
            continue
        if metric.name in found:
            also = "" if metric.name == name else f" (it is '{metric.name}')"
            errors.append(UserError(where(number), f"metric '{name}' stands in the list twice{also}", "it once"))
        found[metric.name] = metric
    if errors:
        raise UserErrors(errors)
    return list(found.values())


def with_default(name: str, key: str, value: Any, *, kinds: tuple[str, ...]) -> str:
    """Return the metric's name with `key=value` written into it, if it takes the key and does not give it already."""
    try:
        written = _written(name, kinds, "")
    except UserError:
        return name  # refused with its place when it is resolved
    takes = written.base in catalog.metrics(kinds) and key in option_defaults(declared(written.base, kinds=kinds))
    return (
        str(replace(written, given={**written.given, key: str(value)})) if takes and key not in written.given else name
    )


def named(written: str, known: Iterable[str]) -> str | None:
    """Return the one of some canonical names that a person's spelling stands for, or None."""
    names = list(known)
    return written if written in names else next((name for name in spellings(written) if name in names), None)


def spellings(written: str) -> list[str]:
    """Return the canonical names that a spelling stands for, one for each kind of metrics that knows it."""
    base = _names.of_trec_eval(written).partition("(")[0].partition("@")[0].rpartition(":")[2]
    kinds = {entry.family for key, entry in catalog.metrics().items() if key.rpartition(":")[2] == base}
    found = []
    for kind in sorted(kinds):
        with contextlib.suppress(UserError):
            found.append(resolve(written, kinds=(kind,)).name)
    return found


def _written(name: str, kinds: tuple[str, ...] | None, where: str) -> Written:
    """Take a name apart; trec_eval's names and `kind:name` become the name within the kinds."""
    known = catalog.metrics(kinds)
    ours = _names.of_trec_eval(name)
    if ours != name and ours.partition("@")[0] in known:
        name = ours
    written = _names.read(name, where)
    kind, _, plain = written.base.rpartition(":")
    if written.base not in known and kind in (kinds or ()) and plain in catalog.metrics((kind,)):
        return replace(written, base=plain)
    return written


def _nearest(written: Written, known: Iterable[str]) -> str:
    same = [str(replace(written, base=name)) for name in known if name.lower() == written.base.lower()]
    if same:
        return f"did you mean '{same[0]}'?"
    return did_you_mean(written.base, known) or f"metrics that fit: {', '.join(known)}"


def declared(base: str, *, kinds: tuple[str, ...] | None = None) -> Any:
    """Return the function declared as metric `base`; its `metric` attribute holds the declaration."""
    module = importlib.import_module(f"zsbench.metrics.{catalog.metrics(kinds)[base].path.stem}")
    functions = (value for value in vars(module).values() if inspect.isfunction(value))
    plain = base.rpartition(":")[2]
    return next(f for f in functions if getattr(f, "metric", None) is not None and f.metric.name == plain)  # type: ignore[attr-defined]


def _bound(function: Any, name: str, values: dict[str, Any]) -> Metric:
    declared: Metric = function.metric
    every = {**option_defaults(function), **values}

    def bind(reducer: Any) -> Any:
        if reducer is None:
            return None
        wanted = {key: v for key, v in every.items() if key in inspect.signature(reducer).parameters}
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
        declared.spelled_out,
        declared.columns,
    )
