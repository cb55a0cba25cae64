"""The grammar of metric names, and the one spelling of a metric whose parameters are bound.

    NAME[(key=value, ...)][@k]

The canonical name leaves out parameters at their defaults (but for those that a metric declares as `spelled_out`),
puts the others in declared order, and writes a cut-off as `@k`, the default one too: `acc`, `acc@1` and `acc(k=1)` are
`acc@1`; `MAP(rel=1)` is `MAP`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from zsbench.config import companions
from zsbench.config.components import fits_plainly, option_defaults, option_hints, options_schema, plainly_fit
from zsbench.config.messages import refusals
from zsbench.core.errors import UserError, did_you_mean

_NAME = re.compile(r"^((?:[a-z_]+:)?[A-Za-z][\w-]*?)(?:\(([^()]*)\))?(?:@([0-9]+))?$")
_TURNED = re.compile(r"^([^@(]*)(@[0-9]+)(\([^()]*\))$")  # the cut-off before the parameters
_WHOLE, _NUMBER = re.compile(r"[+-]?[0-9]{1,18}"), re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TREC = {"map": "MAP", "ndcg": "nDCG", "recip_rank": "MRR", "Rprec": "R-Prec", "bpref": "Bpref"}
_PAPERS = {"spearman(frequency)": "frequency-spearman"}
_TREC_CUT = {"ndcg_cut": "nDCG", "map_cut": "MAP", "P": "P", "recall": "Recall", "success": "Success"}


@dataclass(frozen=True)
class Written:
    """A metric's name taken apart: `base`, the text of each parameter, and the cut-off's text (None without one)."""

    base: str
    given: dict[str, str]
    cutoff: str | None = None

    def __str__(self) -> str:
        inside = ",".join(f"{key}={text}" for key, text in self.given.items())
        return self.base + (f"({inside})" if inside else "") + (f"@{self.cutoff}" if self.cutoff else "")


def read(name: str, where: str = "") -> Written:
    """Take a metric's name apart.

    Raises
    ------
    UserError
        Bad grammar, a parameter without a value or given twice, or two cut-offs.
    """
    match = _NAME.match(name)
    if not match:
        turned = _TURNED.sub(r"\1\3\2", name)
        hint = f"did you mean '{turned}'?" if _NAME.match(turned) else ""
        raise UserError(where, f"'{name}' is no metric name", "NAME, NAME@k or NAME(key=value)@k", hint)
    base, arguments, cutoff = match.groups()
    given: dict[str, str] = {}
    for part in (arguments or "").split(",") if (arguments or "").strip() else []:
        key, _, text = (piece.strip() for piece in part.partition("="))
        if not key or not text:
            raise UserError(where, f"metric '{name}' holds '{part.strip()}'", "key=value")
        if key in given:
            raise UserError(where, f"metric '{name}' gives {key} twice", "it once")
        given[key] = text
    if cutoff is not None and "k" in given:
        raise UserError(
            where, f"metric '{name}' gives its cut-off twice", f"'{base}@{cutoff}' or '{base}@{given['k']}'"
        )
    return Written(base, given, cutoff)


def of_trec_eval(name: str) -> str:
    """Return `nDCG@10` for trec_eval's `ndcg_cut_10` or `ndcg_cut.10`; names that are no other's stay as they are."""
    cut = re.fullmatch(r"(\w+?)[._]([0-9]+)", name)
    if cut and cut[1] in _TREC_CUT:
        return f"{_TREC_CUT[cut[1]]}@{cut[2]}"
    return {**_TREC, **_PAPERS}.get(name, name)


def bound(function: Callable[..., Any], written: Written, where: str = "") -> dict[str, Any]:
    """Return the values of the parameters that a name gives, checked as a component's options are.

    Raises
    ------
    UserError
        A parameter the metric does not take, a missing one, or a value that its declaration refuses.
    """
    known, hints = option_defaults(function), option_hints(function)
    given = written.given if written.cutoff is None else {**written.given, "k": written.cutoff}
    for key in given:
        if key not in known:
            hint = did_you_mean(key, known) or f"it takes: {', '.join(known) or 'none'}"
            what = "cut-off @k" if key == "k" else f"parameter '{key}'"
            raise UserError(where, f"metric '{written}' has no {what}", "", hint)
    missing = [key for key, default in known.items() if default is inspect.Parameter.empty and key not in given]
    if missing:
        raise UserError(where, f"metric '{written}' lacks {', '.join(missing)}", f"e.g. '{written.base}@10'")
    values = {key: _value(text, hints[key]) for key, text in given.items()}
    if not plainly_fit(function, values):
        _check(function, values, written, where)
    for required in companions.declared(function).requires:
        try:
            companions.require(required, {**known, **values}, known, "a parameter")
        except UserError as error:
            raise UserError(where, f"metric '{written}': {error.where} is {error.found}", error.expected) from None
    return values


def _check(function: Callable[..., Any], values: dict[str, Any], written: Written, where: str) -> None:
    schema = options_schema(function)
    try:
        schema.model_validate(values)
    except ValidationError as error:
        for refusal in refusals(schema, error, values):
            key = str(refusal.loc[0])
            if key == "k":
                raise UserError(
                    where, f"metric '{written}' cuts at {values[key]}", f"a cut-off, {refusal.expected}"
                ) from None
            expected = f"one of {', '.join(refusal.choices)}" if refusal.choices else refusal.expected
            raise UserError(where, f"metric '{written}': {key} is {refusal.found}", expected, refusal.hint) from None


def _value(text: str, hint: Any) -> Any:
    """Return the value that a text stands for: the first of the plain types that the declaration accepts."""
    readings: list[Any] = [text]
    if _NUMBER.fullmatch(text):
        readings.insert(0, int(text) if _WHOLE.fullmatch(text) else float(text))
    # Where nothing fits, the message speaks of a number only if one was asked for.
    unfit = readings[0] if {int, float} & set(_plain_types(hint)) else text
    return next((value for value in readings if fits_plainly(value, hint)), unfit)


def _plain_types(hint: Any) -> Iterator[Any]:
    yield hint
    for part in get_args(hint):
        yield from _plain_types(part)


def spelled(base: str, function: Callable[..., Any], values: dict[str, Any], *, spelled_out: tuple[str, ...]) -> str:
    """Return the canonical name of a metric with these parameters; `spelled_out` are written at their defaults too."""
    defaults = option_defaults(function)
    given = {key: values.get(key, default) for key, default in defaults.items()}
    texts = {key: _text(value) for key, value in given.items() if key in spelled_out or value != defaults[key]}
    texts.pop("k", None)
    cutoff = given.get("k")
    return str(Written(base, texts, None if cutoff is None else _text(cutoff)))


def _text(value: Any) -> str:
    """Write a value as people do: whole numbers without a point."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
