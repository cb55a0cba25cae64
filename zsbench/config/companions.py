"""What the options of one component ask of each other, declared beside it and checked when a config is read.

    @method(family="classification")
    @companions(("further_classes", "normalise", "pretrain-star"), check=_check)
    def zpe(*, normalise: Normalise | None = None, further_classes: Texts | None = None) -> Rule: ...

A key that has no effect without another is refused, because whoever writes it believes that it has one; so is a
revision of a local folder, which is what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel

from zsbench.config.components import option_defaults, option_hints
from zsbench.core.errors import UserError
from zsbench.core.yamlio import Document, Loc

F = TypeVar("F", bound=Callable[..., Any])
Requires = tuple[Any, ...]
"""`(option, other)` or `(option, other, value, ...)`."""
Check = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Companions:
    """What `companions` declared for a component."""

    requires: tuple[Requires, ...]
    different: tuple[str, ...]
    check: Check | None


_NONE = Companions((), (), None)


def declared(function: Callable[..., Any]) -> Companions:
    """Return what was declared for a component or a metric; nothing where nothing was."""
    declaration: Companions = getattr(function, "companions", _NONE)
    return declaration


def companions(*requires: Requires, different: tuple[str, ...] = (), check: Check | None = None) -> Callable[[F], F]:
    """Declare what a component's options ask of each other.

    Parameters
    ----------
    requires : `(option, other)` where the option has no effect without the other, `(option, other, value, ...)` where
        only some values of the other (None: left out) give it one. An option at its default asks for nothing.
    different : options that name things of one place (columns of a table): none may be named twice.
    check : raises a `UserError` whose `where` is an option's name, for what no schema can say; it gets every option,
        local paths resolved, and loads nothing.
    """

    def decorate(function: F) -> F:
        function.companions = Companions(requires, different, check)  # type: ignore[attr-defined]
        return function

    return decorate


def check(
    function: Callable[..., Any],
    name: str,
    options: dict[str, Any],
    resolved: dict[str, Any],
    document: Document,
    loc: Loc,
) -> None:
    """Refuse options that do not go together, at their place in the file.

    Parameters
    ----------
    function, name : the component.
    options, resolved : its options as written, and with every local path absolute.
    document, loc : where its block stands.

    Raises
    ------
    UserError
        A key without effect, a revision of a local folder, or what the component's own check says.
    """
    defaults = option_defaults(function)
    companions = declared(function)
    with _placed(document, loc, defaults):
        _check_revision(function, options, resolved)
        given = {**defaults, **options}
        for required in companions.requires:
            require(required, given, defaults, f"an option of '{name}'")
        _require_different(companions.different, given)
        if companions.check is not None:
            companions.check({**defaults, **resolved})


def check_task(task: BaseModel, requires: tuple[Requires, ...], kind: str, document: Document) -> None:
    """Refuse keys of a task that have no effect without another, at their place in the file.

    Raises
    ------
    UserError
        With the key and the one it lacks.
    """
    defaults = {key: field.default for key, field in type(task).model_fields.items()}
    given = {key: getattr(task, key) for key in defaults}
    with _placed(document, (), defaults):
        for required in requires:
            require(required, given, defaults, f"a key of {kind}")


@contextmanager
def _placed(document: Document, loc: Loc, known: Collection[str]) -> Iterator[None]:
    """Give an error whose place is a key's name the key's place in the file."""
    try:
        yield
    except UserError as error:
        if error.where not in known:
            raise
        where = document.where((*loc, error.where))
        raise UserError(where, f"{error.where}: {error.found}", error.expected, error.hint) from None


def require(required: Requires, given: dict[str, Any], defaults: dict[str, Any], what: str) -> None:
    """Refuse an option that has no effect where its companion is left out or has another value.

    Raises
    ------
    UserError
        Its `where` is the option's name.
    """
    option, other, *values = required
    companion = given[other]
    if given[option] == defaults[option]:
        return
    if not values and companion in (None, "", False, [], {}):
        raise UserError(option, f"{what} without effect alone", f"`{other}:` beside it")
    if values and companion not in values:
        known = " or ".join(f"no `{other}:`" if value is None else f"`{other}: {value}`" for value in values)
        raise UserError(option, f"{what} without effect where `{other}` is {companion!r}", known)


def _require_different(names: tuple[str, ...], options: dict[str, Any]) -> None:
    for number, option in enumerate(names):
        value = options[option]
        other = next((name for name in names[:number] if value is not None and options[name] == value), None)
        if other is not None:
            raise UserError(option, f"{value!r} is `{other}:` too", "another name")


def _check_revision(function: Callable[..., Any], options: dict[str, Any], resolved: dict[str, Any]) -> None:
    hints = option_hints(function)
    named = [key for key, hint in hints.items() if "revision" in _words(hint) and options.get(key) is not None]
    reference = next((key for key, hint in hints.items() if "model-ref" in _words(hint)), "")
    if named and Path(str(resolved.get(reference))).is_absolute():
        raise UserError(named[0], f"{options[named[0]]!r} beside a local folder", "a hub id, or no revision")


def _words(hint: Any) -> set[str]:
    """Return the words among an annotation's marks."""
    words = {mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, str)}
    return words.union(*(_words(part) for part in get_args(hint) if not isinstance(part, str)))
