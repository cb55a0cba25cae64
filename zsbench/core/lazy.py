"""Modules that are imported on first use, so that the command line starts at once, and the arrays of annotations.

from zsbench.core.lazy import DoubleArray, np, torch
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any


class _LazyModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        attribute = getattr(importlib.import_module(self.__name__), name)
        # Found without this detour from now on.
        setattr(self, name, attribute)
        return attribute


def lazy(name: str) -> Any:
    """Return a stand-in for module `name` that imports it when an attribute is first asked for."""
    return _LazyModule(name)


if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    DoubleArray = NDArray[np.float64]
    AnyFloatArray = NDArray[np.floating]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]
else:
    np, torch = lazy("numpy"), lazy("torch")
    # Names for type checkers; annotations are never evaluated.
    NDArray = FloatArray = DoubleArray = AnyFloatArray = IntArray = BoolArray = Any

__all__ = ["AnyFloatArray", "BoolArray", "DoubleArray", "FloatArray", "IntArray", "NDArray", "lazy", "np", "torch"]
