"""Zero-shot benchmarks: one command, every paper's protocol.

From Python: `zsbench.evaluate` runs what `zsbench eval` runs, `zsbench.load` reads what it left, and both return
`zsbench.Results`. What is wrong with the input is a `zsbench.UserError`. Nothing is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = ["Results", "UserError", "__version__", "evaluate", "load"]

if TYPE_CHECKING:
    from zsbench.api.evaluation import evaluate
    from zsbench.api.results import Results, load
    from zsbench.core.errors import UserError
else:
    # Type checkers do not see this function, or every misspelt name would pass for something that it returns.
    _OFFERED = {
        "Results": "zsbench.api.results",
        "UserError": "zsbench.core.errors",
        "evaluate": "zsbench.api.evaluation",
        "load": "zsbench.api.results",
    }

    def __getattr__(name):
        if name not in _OFFERED:
            raise AttributeError(f"module 'zsbench' has no attribute '{name}'")
        import importlib

        value = getattr(importlib.import_module(_OFFERED[name]), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *_OFFERED})
