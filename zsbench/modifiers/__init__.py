"""Changes to a loaded network: one file a kind of change, named in a model's `modify:`.

A modifier's function returns `apply(network) -> facts`: it changes the torch module in place and says what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Modifier = Callable[[Any], dict[str, Any]]
