"""Components are functions: a file in a folder, its keyword arguments the keys a YAML block may set.

    # zsbench/methods/rerank/random_order.py
    @method(family="rerank")
    def random_order(*, seed: int = 0) -> Ranker: ...

    # any YAML
    method: {name: random-order, seed: 3}

The decorators below only attach facts (what a method needs, what a model offers); nothing is registered by
importing, because the folder is the registry (see `catalog`).
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, ConfigDict, create_model

from zsbench.config.options import Mark

F = TypeVar("F", bound=Callable[..., Any])
Kind = Literal["inductive", "transductive"]


class Strict(BaseModel):
    """A schema that refuses unknown keys and wrong types instead of guessing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True, allow_inf_nan=False)


@dataclass(frozen=True)
class MethodFacts:
    """What the tables, the plan and the reader need to know about a rule before it runs."""

    family: str
    needs: tuple[type, ...] = ()
    kind: Kind = "inductive"
    uses: tuple[str, ...] = ()
    after: str = ""
    uses_with: tuple[tuple[str, str], ...] = ()
    """(option, what it brings in when it names a file)."""
    uses_with_list: tuple[tuple[str, str], ...] = ()
    """(option, what it brings in when it lists values to choose from)."""
    needs_with: Callable[[Any], dict[type, str]] | None = None
    """From checked options to the capabilities they ask for beside `needs`, each with what to do without it."""
    shown: tuple[str, ...] = ()
    """Options without which a row says little: their values stand under the table, and in the title unless default."""
    files: Callable[[dict[str, Any]], list[str]] | None = None
    inductive_uses: Callable[[dict[str, Any]], tuple[str, ...] | None] | None = None
    """From all options to what a transductive rule uses in place of `uses` where they make it inductive, else None."""


@dataclass(frozen=True)
class ModelFacts:
    """What an adapter offers, how to find the local files a block refers to, and options that change no answer."""

    offers: tuple[type, ...]
    files: Callable[[dict[str, Any]], list[str]] | None = None
    aside: tuple[str, ...] = ()
    offers_with: tuple[tuple[type, tuple[tuple[str, Any], ...]], ...] = ()
    """Capabilities beside `offers`, each with the options, and their values, that open it."""


@dataclass(frozen=True)
class SourceFacts:
    """What a data source yields (`images`, `collection`, ...), so that tasks accept only what they can use."""

    gives: str
    files: Callable[[dict[str, Any]], list[str]] | None = None


def source(*, gives: str, files: Callable[[dict[str, Any]], list[str]] | None = None) -> Callable[[F], F]:
    """Declare a data source: the kind of data it yields and the local files behind it."""
    return _attach(SourceFacts(gives, files))


def method(
    *,
    family: str,
    needs: tuple[type, ...] = (),
    kind: Kind = "inductive",
    uses: tuple[str, ...] = (),
    after: str = "",
    uses_with: dict[str, str] | None = None,
    uses_with_list: dict[str, str] | None = None,
    needs_with: Callable[[Any], dict[type, str]] | None = None,
    shown: tuple[str, ...] = (),
    files: Callable[[dict[str, Any]], list[str]] | None = None,
    inductive_uses: Callable[[dict[str, Any]], tuple[str, ...] | None] | None = None,
) -> Callable[[F], F]:
    """Declare a rule: the task family it answers, the capabilities it asks of a model, the data it uses.

    `after` names the method it goes on from when it stands alone; in a chain (`[cupl, tip-adapter, loki]`) it goes
    on from the one before it. `uses_with` says what an option brings in when it names a file, `uses_with_list` what one
    does that lists values to choose from, `needs_with` which capabilities the options ask for, `shown` which options a
    reader of the table has to know, `files` the local files behind a rule that names models, `inductive_uses` which
    options keep a transductive rule from asking other test items, and what it uses then.
    """
    with_file, with_list = (tuple((mapping or {}).items()) for mapping in (uses_with, uses_with_list))
    more = (with_file, with_list, needs_with, shown, files, inductive_uses)
    return _attach(MethodFacts(family, needs, kind, uses, after, *more))


def model(
    *,
    offers: tuple[type, ...],
    files: Callable[[dict[str, Any]], list[str]] | None = None,
    aside: tuple[str, ...] = (),
    offers_with: dict[type, dict[str, Any]] | None = None,
) -> Callable[[F], F]:
    """Declare a model adapter: the capabilities it offers and the local files that define it.

    `offers_with` says which further capabilities options open: `{LabelScorer: {"logprobs": True}}`.

    `aside` names options of which no answer depends, such as how many requests go out at a time: they are no part of
    the question that a result answers.
    """
    opened = tuple((offer, tuple(needed.items())) for offer, needed in (offers_with or {}).items())
    return _attach(ModelFacts(offers, files, aside, opened))


def _attach(facts: MethodFacts | ModelFacts | SourceFacts) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        function.facts = facts  # type: ignore[attr-defined]
        return function

    return decorate


@cache
def options_schema(function: Callable[..., Any], *, partly: bool = False) -> type[BaseModel]:
    """Return the pydantic schema of a component's keyword-only arguments; `partly` misses none that is not there."""
    needed = None if partly else ...
    defaults = option_defaults(function)
    fields: dict[str, Any] = {
        name: (hint, needed if defaults[name] is inspect.Parameter.empty else defaults[name])
        for name, hint in option_hints(function).items()
    }
    return create_model(function.__name__, __base__=Strict, **fields)


@cache
def option_hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of a component's keyword-only arguments, `Annotated` marks included.

    Other annotations are left alone: what a component returns may name types that exist for type checkers only.
    """
    shim = SimpleNamespace(__annotations__={name: function.__annotations__[name] for name in option_defaults(function)})
    return get_type_hints(shim, globalns=function.__globals__, include_extras=True)


@cache
def option_defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the names of a component's keyword-only arguments with their defaults (`Parameter.empty` for none)."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def plainly_fit(function: Callable[..., Any], options: dict[str, Any], *, partly: bool = False) -> bool:
    """Return True when the schema would accept the options for certain; False means that it has to be asked.

    Building a schema costs a hundred times what comparing a few types costs, and most options are plain values.
    """
    defaults = option_defaults(function)
    required = {name for name, default in defaults.items() if default is inspect.Parameter.empty and not partly}
    if not required <= options.keys() <= defaults.keys():
        return False
    hints = option_hints(function) if options else {}
    return all(fits_plainly(value, hints[name]) for name, value in options.items())


def fits_plainly(value: Any, hint: Any) -> bool:
    """Return True only where a strict schema accepts the value: the exact types of YAML, no constraints."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint in (int, str, bool, float) or hint in (None, NoneType):
        # Strict schemas take whole numbers as floats, never yes/no values as numbers, NaN or infinity.
        if hint is float and type(value) is float:
            return math.isfinite(value)
        return type(value) is (NoneType if hint is None else hint) or (hint is float and type(value) is int)
    if origin is Literal:
        return any(type(value) is type(part) and value == part for part in parts)
    if origin in (Union, UnionType):
        return any(fits_plainly(value, part) for part in parts)
    if origin is list:
        return type(value) is list and all(fits_plainly(part, parts[0]) for part in value)
    if origin is Annotated:
        return fits_plainly(value, parts[0]) and all(_keeps(value, mark) for mark in parts[1:])
    return False


def _keeps(value: Any, mark: Any) -> bool:
    """Return True only where a value keeps within a bound for certain; words (`local-path`) bound nothing."""
    if isinstance(mark, str):
        return True
    if isinstance(mark, Mark):
        return not mark.expected(value)
    checks: dict[type, Callable[[Any, Any], bool]] = {
        Ge: lambda v, m: v >= m.ge,
        Gt: lambda v, m: v > m.gt,
        Le: lambda v, m: v <= m.le,
        Lt: lambda v, m: v < m.lt,
        MinLen: lambda v, m: len(v) >= m.min_length,
        MaxLen: lambda v, m: len(v) <= m.max_length,
    }
    check = checks.get(type(mark))
    return check is not None and check(value, mark)
