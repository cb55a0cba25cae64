"""The metrics that names stand for: `NAME[(key=value, ...)][@k]`, as in `nDCG@10`, `nDCG(gain=exp)@10`, `acc@1`.

Key and `k` are keyword arguments of the metric's function, declared and checked like the options of any component.
However it is spelled in YAML, a metric has one name (see `_grammar`). Two kinds of metrics may share a name; where no
task says which is meant, it is written `spans:recall`.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from zsbench.config import catalog
from zsbench.config.components import option_defaults
from zsbench.core.errors import UserError, UserErrors, did_you_mean
from zsbench.metrics import _grammar
from zsbench.metrics._grammar import Written
from zsbench.metrics.metric import Metric


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
    values = _grammar.bound(function, written, where)
    canonical = _grammar.spelled(written.base, function, values, spelled_out=function.metric.spelled_out)
    return _bound(function, canonical, values)


def resolve_all(names: Sequence[str], *, kinds: tuple[str, ...], where: Callable[[int], str]) -> list[Metric]:
    """Return the metrics of a task; `where(i)` is the place of the i-th name.

    Raises
    ------
    UserErrors
        Every name that is wrong, and every metric that stands in the list twice under whatever spelling.
    """
    metrics: dict[str, Metric] = {}
    errors: list[UserError] = []
    for number, name in enumerate(names):
        try:
            metric = resolve(name, kinds=kinds, where=where(number))
        except UserError as error:
            errors.append(error)
            continue
        if metric.name in metrics:
            also = "" if metric.name == name else f" (it is '{metric.name}')"
            errors.append(UserError(where(number), f"metric '{name}' stands in the list twice{also}", "it once"))
        metrics[metric.name] = metric
    if errors:
        raise UserErrors(errors)
    return list(metrics.values())


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
    base = _grammar.of_trec_eval(written).partition("(")[0].partition("@")[0].rpartition(":")[2]
    kinds = {entry.family for key, entry in catalog.metrics().items() if key.rpartition(":")[2] == base}
    names = []
    for kind in sorted(kinds):
        with contextlib.suppress(UserError):
            names.append(resolve(written, kinds=(kind,)).name)
    return names


def _written(name: str, kinds: tuple[str, ...] | None, where: str) -> Written:
    """Take a name apart; trec_eval's names and `kind:name` become the name within the kinds."""
    known = catalog.metrics(kinds)
    ours = _grammar.of_trec_eval(name)
    if ours != name and ours.partition("@")[0] in known:
        name = ours
    written = _grammar.read(name, where)
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
    module = catalog.load(catalog.metrics(kinds)[base])
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

    return replace(
        declared,
        name=name,
        statistics=functools.partial(function, **values),
        of_sums=bind(declared.of_sums),
        of_items=bind(declared.of_items),
        of_weights=bind(declared.of_weights),
        closed=bind(declared.closed),
        as_mean=bind(declared.as_mean),
        doubt=bind(declared.doubt),
    )
