"""Models that commands load by name."""

from __future__ import annotations

from typing import Any


def load_model(model: str, needs: type, device: str, dtype: str) -> Any:
    """Return the loaded adapter of a model that offers `needs`."""
    from zsbench.config.models import named
    from zsbench.models import runtime

    block, _ = named(model, needs, where="--model")
    runtime.configure(device=device, dtype=dtype, threads=None)
    return block.build()
