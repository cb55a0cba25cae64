"""What the command line may change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Choices:
    """What the command line may change: other models or methods, settings, `--set` pairs."""

    models: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    assignments: tuple[str, ...] = ()
    embedded: bool = False
