"""The console on which rich prints: control characters of others' texts do nothing there, whatever is printed."""

from __future__ import annotations

from typing import Any

from zsbench.report.plain import plain


def safe_console(*, error: bool = False, width: int | None = None) -> Any:
    """Return a rich console on stdout or stderr, `width` columns wide, or as wide as the terminal."""
    from rich.console import Console
    from rich.segment import Segment

    class Safe(Console):
        def render(self, renderable: Any, options: Any = None) -> Any:
            for segment in super().render(renderable, options):
                yield segment if segment.control else Segment(plain(segment.text), segment.style)

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Safe(stderr=error, width=width)
