"""Options that several commands of concept frequency take, and how texts such as `KEY=VALUE` are taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

Only = Annotated[
    list[str] | None,
    typer.Option(help="COLUMN=VALUE: only rows of tables with that value. Repeatable; several of a column add up."),
]


def found(path: Path) -> Path:
    """Return a path in which `asset:` and `$NAME/` are known, as in a config."""
    from zsbench.config.paths import resolve_path

    return resolve_path(str(path), Path())


def split(texts: Sequence[str], option: str) -> list[tuple[str, str]]:
    """Return `KEY=VALUE` texts as pairs.

    Raises
    ------
    UserError
        One has no `=`, or nothing before it.
    """
    from zsbench.core.errors import UserError

    pairs = []
    for text in texts:
        key, sign, value = text.partition("=")
        if not key or not sign:
            raise UserError(option, f"'{text}'", "KEY=VALUE")
        pairs.append((key, value))
    return pairs


def columns(texts: Sequence[str], known: Sequence[str]) -> dict[str, set[str]]:
    """Return the wanted values of each column that `--only` names.

    Raises
    ------
    UserError
        As `split`, or no input of the command has such a column.
    """
    from zsbench.core.errors import unknown_name

    wanted: dict[str, set[str]] = {}
    for key, value in split(texts, "--only"):
        if key not in known:
            raise unknown_name("--only", "column", key, known, listed_by=f"columns: {', '.join(known)}")
        wanted.setdefault(key, set()).add(value)
    return wanted
