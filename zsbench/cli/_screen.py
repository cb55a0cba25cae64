"""The one way to the screen: what a terminal would obey is escaped, what it cannot show has a likeness."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import typer

from zsbench.core.errors import UserError
from zsbench.report.console import safe_console
from zsbench.report.plain import plain

if TYPE_CHECKING:
    from zsbench.config.catalog import Entry

# Columns of a table that goes into a file or a pipe, unless $COLUMNS says otherwise.
WIDE = 160

_LIKENESS = {"↑": "^", "↓": "v", "–": "-", "…": "...", "×": "x", "─": "-", "━": "-", "│": "|"}


def say(
    text: str = "",
    *,
    error: bool = False,
    nl: bool = True,
    data: bool = False,
    fg: str | None = None,
    bold: bool = False,
) -> None:
    """Print a text.

    Parameters
    ----------
    error : on stderr.
    nl : end the line.
    data : for programs (JSON, CSV): a character that the encoding lacks is written as `\\u2191`, never as a likeness.
    fg, bold : colour and weight, on a terminal.
    """
    text = plain(text)
    with _writing(error=error) as stream:
        encoding = getattr(stream, "encoding", None) or "utf-8"
        text = text.encode(encoding, _EXACT if data else _LIKE).decode(encoding)
        if (fg or bold) and stream.isatty():
            text = typer.style(text, fg=fg, bold=bold or None)
        stream.write(text + "\n" * nl)
        stream.flush()


def show(renderable: Any, *, error: bool = False) -> None:
    """Print what rich renders."""
    target = console(error=error)
    with _writing(error=error) as stream:
        if target.is_terminal:
            target.print(renderable, crop=False)
            return
        with target.capture() as capture:
            target.print(renderable, crop=False)
        # Rich fills lines up to the width of the table; in a file that is noise at every line's end.
        stream.write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))
        stream.flush()


def columns() -> int:
    """Return how many columns of text stdout shows."""
    # Not rich's answer, which costs commands that print plain lines its import.
    return shutil.get_terminal_size((WIDE, 0)).columns


def entries_under(heading: str, entries: Iterable[Entry], *, width: int = 0) -> None:
    """Print names and one-line summaries under a heading, summaries in a column that starts behind `width`."""
    listed = list(entries)
    width = width or max(len(entry.name) for entry in listed)
    if heading:
        say(heading, bold=True)
    for entry in listed:
        head = f"  {entry.name:<{width}}  "
        lines = textwrap.fill(entry.summary, columns(), initial_indent=head, subsequent_indent=" " * len(head))
        say(lines or head)


def console(*, error: bool = False) -> Any:
    """Return the console of stdout or stderr; in a file or a pipe stdout is as wide as `columns` says."""
    terminal = (sys.stderr if error else sys.stdout).isatty()
    return safe_console(error=error, width=None if error or terminal else columns())


def prepare() -> None:
    """Make the standard streams fit to be written to: closed ones lead nowhere, lacking characters have a likeness."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open to the end
        elif hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors=_LIKE)


def abandon(stream: Any) -> None:
    """Let what a stream still holds go nowhere, so that the interpreter does not fail over it at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _writing(*, error: bool) -> Iterator[Any]:
    """Yield the stream; a full disk behind stdout is a sentence, behind stderr there is nobody to tell.

    Raises
    ------
    UserError
        Standard output cannot be written.
    """
    stream = sys.stderr if error else sys.stdout
    try:
        yield stream
    except BrokenPipeError:
        raise
    except OSError as problem:
        abandon(stream)
        if not error:
            raise UserError("standard output", f"cannot be written ({problem.strerror})") from None


def _exact(error: UnicodeError) -> tuple[str, int]:
    """Return the escapes of what an encoding lacks, as JSON writes them."""
    assert isinstance(error, UnicodeEncodeError)
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2)), error.end


def _like(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the characters of zsbench's own tables, and the escapes of others."""
    assert isinstance(error, UnicodeEncodeError)
    here = error.object[error.start]
    return (_LIKENESS[here], error.start + 1) if here in _LIKENESS else _exact(error)


_EXACT, _LIKE = "zsbench-exact", "zsbench-likeness"
codecs.register_error(_EXACT, _exact)
codecs.register_error(_LIKE, _like)
