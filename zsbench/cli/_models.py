"""Models that commands load by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def load_model(model: str, needs: type, device: str, dtype: str) -> Any:
    """Return the loaded adapter of a model that offers `needs`."""
    from zsbench.config.models import named
    from zsbench.core.errors import UserError
    from zsbench.models import runtime

    path = Path(model)
    if path.suffix not in (".yaml", ".yml") and path.is_file():
        expected = f"a model's YAML, such as {{adapter: word-vectors, vectors: {path}}} in a file of its own"
        raise UserError("--model", f"'{path}' is a file of another kind", expected)
    block, _ = named(model, needs, where="--model")
    runtime.configure(device=device, dtype=dtype, threads=None)
    return block.build()
