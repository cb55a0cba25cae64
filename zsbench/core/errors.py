"""The one exception users see, and the exit codes of the command line."""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

EXIT_OK = 0
EXIT_CHECK_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_RUN_FAILED = 3


class UserError(Exception):
    """Something the user can mend: where it is, what was found, what was expected, and a hint.

    Parameters
    ----------
    where : str
        File and line (`mine.yaml:7`), file and item, or the option (`--set model.dtype`).
    found : str
        What was found there.
    expected : str
        What would have been accepted; may be empty when `found` says it.
    hint : str
        The nearest right name or the command that helps; may be empty.
    """

    exit_code = EXIT_BAD_INPUT

    def __init__(self, where: str, found: str, expected: str = "", hint: str = "") -> None:
        self.where, self.found, self.expected, self.hint = where, found, expected, hint
        super().__init__(where, found, expected, hint)

    def __str__(self) -> str:
        text = f"{self.where}: {self.found}" if self.where else self.found
        if self.expected:
            text += f"; expected {self.expected}"
        if self.hint:
            text += f"; {self.hint}"
        return text


_KINDS = {bool: "a truth value", int: "a whole number", float: "a number", str: "a text", list: "a list"}


def kind_of(value: Any) -> str:
    """Return what messages call the type of a value of YAML or JSON."""
    return "nothing" if value is None else _KINDS.get(type(value), "an object")


class UnsetVariable(UserError):
    """A path starts at an environment variable that is not set on this machine; the config may be sound."""

    def __init__(self, where: str, path: str, name: str) -> None:
        super().__init__(where, f"'{path}' needs the environment variable {name}, which is not set")
        self.args = (where, path, name)


class RunError(UserError):
    """A run that started and could not finish (bad predictions, no memory): exit code 3."""

    exit_code = EXIT_RUN_FAILED


class UserErrors(UserError):
    """Several mistakes found in one pass, shown together so that one edit mends them all."""

    def __init__(self, errors: Iterable[UserError]) -> None:
        self.errors = list(errors)
        first = self.errors[0]
        super().__init__(first.where, first.found, first.expected, first.hint)
        # What failed while it ran outweighs what was wrong with the input.
        self.exit_code = max(error.exit_code for error in self.errors)

    def __reduce__(self) -> Any:
        """Survive the way from one process to another."""
        return type(self), (self.errors,)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def shown(path: Path) -> str:
    """Return the path as a person would type it: relative to here where that is shorter."""
    return _shown(str(path), os.getcwd())


@functools.lru_cache(maxsize=1024)
def _shown(path: str, here: str) -> str:
    # Asked for each line of a file and each key of a config: texts, because path objects cost ten times as much.
    real, inside = os.path.realpath(path), here.rstrip(os.sep) + os.sep
    return real.removeprefix(inside) if real.startswith(inside) else "." if real == here else path


class Mistakes:
    """Gathers mistakes on the way, so that all of them are shown at once."""

    def __init__(self) -> None:
        self.errors: dict[str, UserError] = {}

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note a mistake of the block instead of raising it; the block ends there."""
        try:
            yield
        except UserError as error:
            for one in error.errors if isinstance(error, UserErrors) else [error]:
                self.errors.setdefault(str(one), one)

    def refuse(self) -> None:
        """Raise what was noted.

        Raises
        ------
        UserErrors
            There were mistakes.
        """
        if self.errors:
            raise UserErrors(self.errors.values())


def did_you_mean(name: str, known: Iterable[str], *, limit: int = 3) -> str:
    """Return `did you mean 'a', 'b'?` for the names nearest to `name` in any case, or an empty string."""
    names = sorted(set(known))
    spelled = {other.casefold(): other for other in names}
    asked = name.casefold()
    close = difflib.get_close_matches(asked, spelled, n=max(len(spelled), 1), cutoff=0.5)
    # Among equally near names the first of the alphabet, which is acc@1 before acc@5.
    close.sort(key=lambda other: (-difflib.SequenceMatcher(a=other, b=asked).ratio(), other))
    near = [spelled[other] for other in close[:limit]]
    near += [other for other in names if name and other.startswith(name) and other not in near]
    near = near[:limit]
    return "did you mean " + ", ".join(f"'{other}'" for other in near) + "?" if near else ""


def unknown_name(where: str, kind: str, name: str, known: Iterable[str], *, listed_by: str) -> UserError:
    """Return the error for a name that nothing answers to, with the nearest ones and where to look."""
    hint = did_you_mean(name, known)
    return UserError(where, f"no {kind} '{name}'", "", f"{hint} ({listed_by})" if hint else f"see {listed_by}")
