"""What a schema refuses, in a reader's words: the key, what was found there and what would have been accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.yamlio import Document, Loc


@dataclass(frozen=True)
class Refusal:
    """One mistake: the place of the key, what was found, what was expected, the choices and the nearest right word."""

    loc: Loc
    kind: str
    found: str
    expected: str
    hint: str
    choices: tuple[str, ...] = ()


def refusals(schema: type[BaseModel], error: ValidationError, value: Any) -> Iterator[Refusal]:
    """Yield every mistake of `value`, each key once; what several forms of a key expect stands in one line.

    `Refusal.kind` is pydantic's type of the first error: `extra_forbidden` and `missing` speak of keys, the rest of
    values.
    """
    by_place: dict[Loc, list[Any]] = {}
    for item in error.errors(include_url=False):
        by_place.setdefault(_place(item["loc"], value, item["type"]), []).append(item)
    for loc, items in by_place.items():
        # What is wrong deeper inside says more than that it is none of the other forms of the key.
        if any(len(other) > len(loc) and other[: len(loc)] == loc for other in by_place):
            continue
        kind, hint = items[0]["type"], ""
        if kind == "extra_forbidden":
            known = keys_at(schema, loc[:-1])
            hint = f"{did_you_mean(str(loc[-1]), known)} Keys here: {', '.join(known)}".strip()
        words = _words_of(schema, loc) if kind == "missing" else [word for item in items for word in _choices(item)]
        if words and kind != "missing":
            hint = did_you_mean(str(items[0]["input"]), words)
        expected = " or ".join(dict.fromkeys(filter(None, map(expectation, items))))
        yield Refusal(loc, kind, described(items[0]["input"]), expected, hint, tuple(words))


def _place(loc: Loc, value: Any, kind: str) -> Loc:
    """Return the keys that lead to a mistake: pydantic also names the form (`int`, `list[str]`) that was tried."""
    keys: list[str | int] = []
    for number, part in enumerate(loc):
        last = number == len(loc) - 1
        if isinstance(value, dict) and (part in value or (last and kind == "missing")):
            keys.append(part)
            value = value.get(part)
        elif isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value):
            keys.append(part)
            value = value[part]
    return tuple(keys)


def _choices(item: Any) -> list[str]:
    if item["type"] != "literal_error":
        return []
    words: list[str] = str(item["ctx"]["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
    return [word or "''" for word in words]


def _words_of(schema: type[BaseModel], loc: Loc) -> list[str]:
    """Return the words that a key of the schema may be, or nothing where it may be more than words."""
    field = schema.model_fields.get(str(loc[0])) if len(loc) == 1 else None
    if field is None or get_origin(field.annotation) is not Literal:
        return []
    return [str(word) for word in get_args(field.annotation)]


_SAID: dict[str, Callable[[dict[str, Any]], str]] = {
    "too_short": lambda c: f"at least {c['min_length']} entr{'y' if c['min_length'] == 1 else 'ies'}",
    "too_long": lambda c: f"at most {c['max_length']} entr{'y' if c['max_length'] == 1 else 'ies'}",
    "string_too_short": lambda _: "a text that is not empty",
    "string_too_long": lambda c: f"at most {c['max_length']} character{'s' * (c['max_length'] != 1)}",
    "greater_than_equal": lambda c: f"at least {_number(c['ge'])}",
    "greater_than": lambda c: f"a number above {_number(c['gt'])}",
    "less_than_equal": lambda c: f"at most {_number(c['le'])}",
    "less_than": lambda c: f"a number below {_number(c['lt'])}",
    "literal_error": lambda c: str(c["expected"]),
    "int_type": lambda _: "an integer",
    "float_type": lambda _: "a number",
    "string_type": lambda _: "a text",
    "bool_type": lambda _: "yes or no (true or false)",
    "extra_forbidden": lambda _: "",
    "missing": lambda _: "",
}


def expectation(item: Any) -> str:
    """Return what one of pydantic's errors would have accepted."""
    say = _SAID.get(item["type"])
    if say is not None:
        return say(item.get("ctx", {}))
    message: str = item["msg"].partition(" or instance of ")[0]
    return message.replace("Input should be ", "").replace("a valid ", "a ").replace("dictionary", "mapping of keys")


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def keys_at(schema: type[BaseModel], loc: Loc) -> list[str]:
    """Return the keys the schema knows at a place, following nested schemas as far as they go."""
    here: Any = schema
    for part in loc:
        fields = getattr(here, "model_fields", {})
        hint = fields[part].annotation if isinstance(part, str) and part in fields else None
        models = [arg for arg in (hint, *get_args(hint)) if isinstance(arg, type) and issubclass(arg, BaseModel)]
        here = models[0] if models else (here if isinstance(part, int) else None)
    return list(getattr(here, "model_fields", {}))


def described(value: Any) -> str:
    """Describe a YAML value in a reader's words."""
    words = {str: "text", bool: "a yes/no value", int: "a whole number", float: "a number", list: "a list"}
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping of keys"
    shown = repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "..."
    return f"{shown} ({words.get(type(value), type(value).__name__)})"


def explained(
    schema: type[BaseModel], document: Document, loc: Loc, value: Any, error: ValidationError, owner: str
) -> Iterator[UserError]:
    """Yield every mistake at its place in a file; `owner` is the component whose options these are."""
    of = f" of '{owner}'" if owner else ""
    for refusal in refusals(schema, error, value):
        here = (*loc, *refusal.loc)
        key, where = ".".join(str(part) for part in here), document.where(here)
        if refusal.kind == "extra_forbidden":
            yield UserError(where, f"unknown key '{key}'{of}", "", refusal.hint)
        elif refusal.kind == "missing":
            # A component named on the command line has no file to write the key into.
            hint = f"{where.replace('--', '--set ')}.{key}=..." if where in ("--model", "--method") else ""
            expected = f"one of {', '.join(refusal.choices)}" if refusal.choices else ""
            yield UserError(where, f"key '{key}'{of} is missing", expected, hint)
        else:
            yield UserError(where, f"key '{key}'{of} is {refusal.found}", refusal.expected, refusal.hint)
