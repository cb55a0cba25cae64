"""Modules that are imported on first use, so that the command line starts at once."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


class _LazyModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        found = getattr(importlib.import_module(self.__name__), name)
        # Found without this detour from now on.
        setattr(self, name, found)
        return found


def lazy(name: str) -> Any:
    """Return a stand-in for module `name` that imports it when an attribute is first asked for."""
    return _LazyModule(name)
