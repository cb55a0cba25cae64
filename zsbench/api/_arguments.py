"""What Python hands in is checked here, and messages written for the command line name arguments instead."""

from __future__ import annotations

import math
import numbers
import operator
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from zsbench.core.errors import UserError, UserErrors, unknown_name

# Options of commands whose argument in Python has another name; all others differ by dashes alone.
_ARGUMENTS = {"method": "methods", "model": "models", "metric": "metrics", "set": "overrides", "where": "where()"}
_KNOWN = (
    *("method", "model", "metric", "set", "where", "limit", "seed", "device", "batch-size", "dtype", "threads"),
    *("resamples", "confidence", "embedded", "offline", "fresh", "out", "rows", "cols", "allow", "test", "correction"),
)
_OPTION = re.compile(rf"(?<![\w-])--({'|'.join(_KNOWN)})(?![\w-])")
_COMMAND = re.compile(r"(`[^`]*`)")


@contextmanager
def named_as_in_python() -> Iterator[None]:
    """Let a message about `--limit` of the command line speak of `limit`; commands in backticks stay commands."""
    try:
        yield
    except UserError as error:
        raise in_python(error) from error.__cause__


def in_python(error: UserError) -> UserError:
    """Return an error whose message names arguments in place of options."""
    for one in error.errors if isinstance(error, UserErrors) else ():
        in_python(one)
    for name in ("where", "found", "expected", "hint"):
        setattr(error, name, _renamed(getattr(error, name)))
    return error


def _renamed(text: str) -> str:
    """Return a text with the names of arguments.

    >>> _renamed("--limit: 0; see `zsbench eval --limit`")
    'limit: 0; see `zsbench eval --limit`'
    """
    parts = _COMMAND.split(text)
    parts[::2] = [_OPTION.sub(lambda m: _ARGUMENTS.get(m[1], m[1].replace("-", "_")), part) for part in parts[::2]]
    return "".join(parts)


def plain_number(value: Any) -> Any:
    """Return numpy's numbers as Python's, and everything else as it is."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, numbers.Integral):
        return operator.index(value)
    return float(value) if isinstance(value, numbers.Real) else value


def whole(where: str, value: Any, *, least: int) -> int:
    """Return a whole number.

    Raises
    ------
    UserError
        It is none, or below `least`.
    """
    number = plain_number(value)
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise UserError(where, f"{value!r}"[:80], f"a whole number of at least {least}")
    return number


def share(where: str, value: Any) -> float:
    """Return a number between 0 and 1.

    Raises
    ------
    UserError
        It is none.
    """
    number = plain_number(value)
    if isinstance(number, bool) or not isinstance(number, float) or math.isnan(number) or not 0 < number < 1:
        raise UserError(where, f"{value!r}"[:80], "a number between 0 and 1, such as 0.95")
    return number


def names(where: str, value: Any) -> tuple[str, ...]:
    """Return one name or several as a tuple.

    Raises
    ------
    UserError
        It is neither.
    """
    listed = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else [value]
    for name in listed:
        if not isinstance(name, str):
            raise UserError(where, f"{name!r}"[:80], "a name, or a list of names")
    return tuple(listed)


def one_of(where: str, kind: str, value: Any, known: Collection[str]) -> None:
    """Refuse what is none of the known names.

    Raises
    ------
    UserError
        It is none.
    """
    if value not in known:
        raise unknown_name(where, kind, str(value), known, listed_by=f"one of {', '.join(known)}")
