"""Every option there is, with what it declares: components, keys of tasks, settings, and the schemas nested in them."""

import inspect
import math
import types
import typing
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin, get_type_hints

import annotated_types as at
from pydantic import BaseModel, ValidationError

from zsbench.config import catalog, suites
from zsbench.config.components import option_defaults, option_hints, options_schema, plainly_fit
from zsbench.config.options import Blanks, Mark, NotBlank, OneOf
from zsbench.config.schema import Settings

KINDS = ("methods", "models", "modifiers", "data")
BOUNDS = (at.Ge, at.Gt, at.Le, at.Lt)


@dataclass(frozen=True)
class Form:
    """One of the forms a value may have: a type or the choices, and the marks upon it."""

    type: Any
    marks: tuple[Any, ...] = ()
    choices: tuple[Any, ...] = ()
    inside: tuple["Form", ...] = ()


@dataclass(frozen=True)
class Option:
    """An option of an owner, the place of its value, and the forms that its declaration takes.

    `refuses(value)` says whether the declaration refuses a value at that place, as `validate` asks it.
    """

    owner: str
    name: str
    forms: tuple[Form, ...]
    refuses: Any = field(compare=False)

    def __str__(self):
        return f"{self.owner} {self.name}"


def forms(hint, marks=()):
    """Return the forms of an annotation; a union has several."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is typing.Annotated:
        return forms(parts[0], (*marks, *hint.__metadata__))
    if origin in (typing.Union, types.UnionType):
        return tuple(form for part in parts for form in forms(part, marks))
    if origin is typing.Literal:
        return (Form("choice", marks, parts),)
    if hint in (None, type(None)):
        return (Form(None),)
    inside = tuple(form for part in parts if part is not Ellipsis for form in forms(part))
    return (Form(origin or hint, marks, (), inside),)


def fitting(option_forms):
    """Return a value that the first form takes, for options that have to be there."""
    form = option_forms[0]
    if form.type == "choice":
        return form.choices[0]
    if form.type in (int, float):
        return next((m.ge for m in form.marks if isinstance(m, at.Ge) and m.ge > 0), 1)
    return {str: "x", bool: True, list: ["x"], dict: {"x": 1.0}}.get(form.type, "x")


def components():
    """Yield (kind, name, function) of every component."""
    for kind in KINDS:
        for name in catalog.own_components(kind):
            yield kind, name, catalog.load_component(kind, name)


def needed(function):
    """Return values for the options without a default."""
    hints = option_hints(function)
    empty = [name for name, default in option_defaults(function).items() if default is inspect.Parameter.empty]
    return {name: fitting(forms(hints[name])) for name in empty}


def _of_component(function):
    def refuses(name, value):
        options = {**needed(function), name: value}
        if plainly_fit(function, options):
            return False
        return _refuses(options_schema(function), options, name)

    return refuses


def _refuses(schema, options, name):
    try:
        schema.model_validate(options)
    except ValidationError as error:
        return any(not item["loc"] or item["loc"][0] == name for item in error.errors())
    return False


def _nested(owner, name, hint, refuses):
    """Yield the option and those of the schemas that its value may be."""
    own = forms(hint)
    yield Option(owner, name, own, refuses)
    for form in own:
        if isinstance(form.type, type) and issubclass(form.type, BaseModel):
            hints = get_type_hints(form.type, include_extras=True)
            for key in form.type.model_fields:
                yield from _nested(owner, f"{name}.{key}", hints[key], lambda value, k=key: refuses({k: value}))


def every_option():
    """Return every option of every component, task and of the settings."""
    found = []
    for kind, name, function in components():
        refuses = _of_component(function)
        for key, hint in option_hints(function).items():
            found += _nested(f"{kind}/{name}", key, hint, lambda value, r=refuses, k=key: r(k, value))
    schemas = {f"tasks/{name}": catalog.load_module("tasks", name).Config for name in catalog.own_components("tasks")}
    schemas |= {"settings": Settings, "average": suites.Average, "expected": suites.Expected, "paper": suites.Paper}
    for owner, schema in schemas.items():
        hints = get_type_hints(schema, include_extras=True)
        base = {key: fitting(forms(hints[key])) for key, one in schema.model_fields.items() if one.is_required()} | (
            {"data": {"source": "x"}, "method": "x"} if owner.startswith("tasks/") else {}
        )
        base |= {"tasks": ["a", "b"]} if owner == "average" else {}
        for key in schema.model_fields:
            found += _nested(
                owner, key, hints[key], lambda value, s=schema, b=base, k=key: _refuses(s, {**b, k: value}, k)
            )
    return found


def nonsense(option):
    """Yield (what is wrong, value) of values that no form of the option can mean."""
    own = option.forms
    of = {form.type for form in own}
    if object in of or Any in of:
        return
    numbers = [form for form in own if form.type in (int, float)]
    texts = [form for form in own if form.type is str]
    words = [form for form in own if form.type == "choice"]
    lists = [form for form in own if isinstance(form.type, type) and hasattr(form.type, "__iter__") and form.type not in (str, dict)
             and not issubclass(form.type, BaseModel)]  # fmt: skip
    maps = [
        form for form in own if form.type is dict or (isinstance(form.type, type) and issubclass(form.type, BaseModel))
    ]
    for form in numbers:
        for mark in form.marks:
            for kind, end, step in ((at.Ge, "ge", -1), (at.Gt, "gt", 0), (at.Le, "le", 1), (at.Lt, "lt", 0)):
                if isinstance(mark, kind):
                    value = getattr(mark, end)
                    beyond = (
                        value + step if form.type is int else math.nextafter(value, step * math.inf) if step else value
                    )
                    yield f"{kind.__name__} {value}", beyond if math.isfinite(beyond) else step * 10**400
    for value in (float("nan"), float("inf"), float("-inf")):
        yield "not finite", value
    if int in of and float not in of:
        yield "a share of one", 1.5
    if numbers or words or lists or maps:
        if not texts:
            yield "a word", "wrost"
            yield "an empty text", ""
        if bool not in of:
            yield "yes", True
    for form in words:
        if not texts and isinstance(form.choices[0], str):
            yield "misspelt", f"{form.choices[-1]}x"
    if texts:
        if not numbers and not any(isinstance(c, int) for form in words for c in form.choices):
            yield "a number", 3
        if not any(may_be_empty(form) for form in texts):
            yield "an empty text", ""
        if all(any(isinstance(mark, NotBlank) for mark in form.marks) for form in texts):
            yield "blanks", "  "
    if not lists:
        yield "a list", ["x"]
    elif all(any(isinstance(mark, at.MinLen) for mark in form.marks) for form in lists):
        yield "an empty list", []
    if lists and not any(form.type is list and inner.type in (object, Any) for form in lists for inner in form.inside):
        yield "a list of mappings", [{"x": 1}]
    if not maps:
        yield "a mapping", {"zzz": 1}
    elif dict not in of:
        yield "an unknown key", {"zzz": 1}
    if None not in of:
        yield "nothing", None


def may_be_empty(form):
    """Say whether a text may be empty: it says so, or is a piece of a prompt without a blank that it needs."""
    pieces = [mark for mark in form.marks if isinstance(mark, Blanks)]
    return "any-text" in form.marks or (
        any(not mark.needed for mark in pieces) and not any(isinstance(mark, NotBlank) for mark in form.marks)
    )


def undeclared(form):
    """Return what a form lacks in its declaration: the bounds of a number, whether a text or a list may be empty."""
    if form.type in (int, float) and not any(isinstance(mark, (*BOUNDS, OneOf)) for mark in form.marks):
        return "bounds"
    if form.type is str and not any(isinstance(mark, (Mark, at.MinLen, str)) for mark in form.marks):
        return "whether it may be empty"
    if form.type is list and not any(isinstance(mark, at.MinLen) or mark == "may-be-empty" for mark in form.marks):
        return "whether it may be empty"
    return next(filter(None, map(undeclared, form.inside[1:] if form.type is dict else form.inside)), "")
