"""Hubs that must not be asked, for all libraries that could ask them."""

from __future__ import annotations

import os
import sys
from typing import Any

_VARIABLES = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE")
# Modules that read the variables once, when they are imported, and the names under which they keep them.
_READ_AT_IMPORT = {
    "huggingface_hub.constants": ("HF_HUB_OFFLINE",),
    "datasets.config": ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"),
}


def go_offline() -> None:
    """Let no library of this process ask a hub from now on, whether it is imported already or not."""
    os.environ |= dict.fromkeys(_VARIABLES, "1")
    for name, flags in _READ_AT_IMPORT.items():
        module: Any = sys.modules.get(name)
        for flag in flags:
            if hasattr(module, flag):
                setattr(module, flag, True)


def is_offline() -> bool:
    """Return whether no hub may be asked."""
    return os.environ.get(_VARIABLES[0], "") in {"1", "true", "True"}
