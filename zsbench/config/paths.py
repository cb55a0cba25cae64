"""Where paths of configs lead, and where zsbench's own files are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import zsbench
from zsbench.core.errors import UnsetVariable

PACKAGE = Path(zsbench.__file__).parent
ASSETS = PACKAGE / "assets"

UNSET = re.compile(r"\$\{?(\w+)\}?")
_unset: set[str] | None = None


@contextmanager
def unset_variables() -> Iterator[set[str]]:
    """Collect the environment variables that configs start paths at and that are not set, instead of refusing them."""
    global _unset
    outer, names = _unset, _unset if _unset is not None else set()
    _unset = names
    try:
        yield names
    finally:
        _unset = outer


def resolve_path(text: str, base: Path, *, where: str = "") -> Path:
    """Turn a path written in a config into a real one.

    `asset:x` is a file shipped with zsbench, `$NAME/x` starts at an environment variable, `~` is the home folder,
    anything else that is relative starts at the folder of the config.
    """
    if text.startswith("asset:"):
        return ASSETS / text.removeprefix("asset:")
    for name in UNSET.findall(text):
        if name not in os.environ:
            if _unset is not None:
                _unset.add(name)
                return Path(text)
            raise UnsetVariable(where, text, name)
    path = Path(os.path.expandvars(text)).expanduser()
    return path if path.is_absolute() else base / path
