"""YAML's scalars as people write them, and nothing that can run, grow without end, or turn round on itself.

    null        empty, ~, null
    bool        true, false, yes, no, on, off (with a capital or in capitals too)
    int         12, -3, 1_000, 0x1f, 0b101
    float       1.5, 1., .5, 1e-5, 1E5, .5e3, .inf, .nan
    text        everything else: also 010 (no number begins with a 0), 1:30, 2020-01-31

YAML 1.1, which PyYAML follows, reads 1e-5 as text, 010 as 8, 1:30 as 90 and 2020-01-31 as a date. Tags are the six of
JSON's types (`!!str 12`); any other is an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import yaml

from zsbench.core.errors import UserError

_TAG = "tag:yaml.org,2002:"
_BASE = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader

# How far aliases may repeat parts of a file, and how deep a file may be; real ones stay far below both.
MAX_REPEATED = 100_000
MAX_DEPTH = 100
_MAX_DIGITS = 300


class Loader(_BASE):  # type: ignore[misc, valid-type]
    """PyYAML's parser with resolvers of its own; it only composes nodes and never constructs."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", [*"~nN", ""]),
    ("bool", r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF", list("yYnNtTfFoO")),
    ("int", r"[-+]?(?:0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+)", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?"
        r"|(?:0|[1-9][0-9_]*)[eE][-+]?[0-9]+|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)",
        list("-+0123456789."),
    ),
    ("merge", "<<", ["<"]),
):
    Loader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})\\Z"), _first)


def scalar(node: Any, where: Callable[[Any], str]) -> Any:
    """Return the value of a scalar node.

    Parameters
    ----------
    node : PyYAML's node.
    where : gives the place of a node, for messages.

    Raises
    ------
    UserError
        A tag that is not one of JSON's types, a text that does not fit its tag, a number that Python cannot hold.
    """
    kind, text = node.tag.removeprefix(_TAG), node.value
    if kind not in _READERS:
        raise unknown_tag(node, where)
    try:
        return _READERS[kind](text)
    except (ValueError, KeyError):
        shown = text if len(text) <= 40 else f"{text[:40]}... ({len(text)} characters)"
        hint = "" if kind == "str" else "put it in quotes if it is text"
        raise UserError(where(node), f"'{shown}' cannot be {_KINDS[kind]}", "", hint) from None


def unknown_tag(node: Any, where: Callable[[Any], str]) -> UserError:
    """Return the error for a tag that means nothing here."""
    tag = node.tag.replace(_TAG, "!!")
    if tag == "!!merge":
        return UserError(where(node), "'<<' merges a mapping", "its keys written out, or `extends:`")
    return UserError(where(node), f"tag '{tag}'", "plain values, without tags")


def is_tagged(node: Any) -> bool:
    """Return whether a list or mapping claims to be something else than a list or mapping."""
    return bool(node.tag != _TAG + ("seq" if isinstance(node, yaml.SequenceNode) else "map"))


def require_small(node: Any, where: Callable[[Any], str]) -> None:
    """Refuse a tree whose aliases repeat too much of it, or that holds itself, before it is built.

    Raises
    ------
    UserError
        One of the two, or a depth that no config has.
    """
    sizes: dict[int, int] = {}
    repeated = 0

    def size(here: Any, depth: int) -> int:
        nonlocal repeated
        if id(here) in sizes:
            if not sizes[id(here)]:
                raise UserError(where(here), "an alias that stands inside what it stands for", "the values written out")
            repeated += sizes[id(here)]
            if repeated > MAX_REPEATED:
                raise UserError(where(here), f"aliases that repeat more than {MAX_REPEATED:,} values", "fewer of them")
            return sizes[id(here)]
        if depth > MAX_DEPTH:
            raise UserError(where(here), f"more than {MAX_DEPTH} lists or mappings inside each other")
        sizes[id(here)] = 0  # not known yet: whoever meets this comes from inside
        below = here.value if not isinstance(here, yaml.ScalarNode) else ()
        parts = (part for entry in below for part in (entry if isinstance(entry, tuple) else (entry,)))
        sizes[id(here)] = 1 + sum(size(part, depth + 1) for part in parts)
        return sizes[id(here)]

    size(node, 0)


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("NUL")
    text.encode()  # half of a character is a UnicodeEncodeError, which is a ValueError
    return text


def _int(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("too long")
    return int(text, 10 if text.lstrip("+-")[:2].lower() not in ("0x", "0b") else 0)


def _float(text: str) -> float:
    text = text.lower()
    value = float(text.replace(".inf", "inf").replace(".nan", "nan"))
    if math.isinf(value) and "inf" not in text:
        raise ValueError("too large")
    return value


_BOOLS = {**dict.fromkeys(("yes", "true", "on"), True), **dict.fromkeys(("no", "false", "off"), False)}
_READERS: dict[str, Callable[[str], Any]] = {
    "null": lambda _text: None,
    "bool": lambda text: _BOOLS[text.lower()],
    "int": _int,
    "float": _float,
    "str": _text,
}
_KINDS = {
    "null": "nothing",
    "bool": "a yes/no value",
    "int": "a whole number",
    "float": "a number",
    "str": "text: it holds a NUL or half of a character",
}
