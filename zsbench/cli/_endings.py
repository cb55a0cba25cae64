"""How a command ends: in one sentence and an exit code that means one thing, whatever was raised."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from zsbench.cli import _screen
from zsbench.core.errors import EXIT_RUN_FAILED, RunError, UserError, UserErrors
from zsbench.report.plain import one_line

_ON = "interrupted; the same command goes on where this one stopped"


class Ended(BaseException):
    """An end that is nobody's mistake; typer would give it a meaning of its own."""

    def __init__(self, exit_code: int, sentence: str = "") -> None:
        self.exit_code, self.sentence = exit_code, sentence
        super().__init__(sentence)


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as tidily as Ctrl-C does."""


@contextmanager
def catching(context: Any) -> Iterator[None]:
    """Keep what typer would translate by itself: Ctrl-C (to a bare 130), a closed pipe and EOFError (to 'Aborted.').

    Parameters
    ----------
    context : typer's, which knows the command.

    Raises
    ------
    Ended, RunError
        In their place.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        code = 128 + (signal.SIGTERM if isinstance(stop, _Terminated) else signal.SIGINT)
        raise Ended(code, _ON if context.invoked_subcommand == "eval" else "interrupted") from None
    except BrokenPipeError:  # the reader (head, less) has what it wanted
        _screen.abandon(sys.stdout)
        raise Ended(0) from None
    except EOFError as error:
        raise RunError(
            "", f"EOFError: {error or 'a file ends too early'}", "", "zsbench --debug ... shows where"
        ) from error


def run(app: Callable[[], Any]) -> int:
    """Run the command line and return its exit code; every error is one message."""
    _screen.prepare()
    try:
        with _terminating():
            _require_folder()
            app()
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except UserError as error:
        return _failed("error: " + "\n".join(_sentences(error)), error.exit_code)
    except Ended as ending:
        if ending.sentence:
            _screen.say(ending.sentence, error=True)
        return ending.exit_code
    except Exception as error:
        hint = "(zsbench --debug ... shows where)"
        return _failed(f"error: {type(error).__name__}: {error} {hint}", EXIT_RUN_FAILED)
    return 0


def _require_folder() -> None:
    """Refuse to work in a folder that was removed, where no relative path means anything.

    Raises
    ------
    UserError
        It was.
    """
    try:
        os.getcwd()
    except OSError:
        raise UserError("", "the folder you are in is no longer there", "", "cd to one that is") from None


def _sentences(error: UserError) -> list[str]:
    """Return each mistake on a line of its own; a line break in a name of others begins no line."""
    if isinstance(error, UserErrors):
        return [sentence for one in error.errors for sentence in _sentences(one)]
    return [one_line(str(error))]


def _failed(message: str, exit_code: int) -> int:
    if os.environ.get("ZSBENCH_DEBUG"):
        import traceback

        _screen.say(traceback.format_exc(), error=True)
    _screen.say(message, error=True)
    return exit_code


@contextmanager
def _terminating() -> Iterator[None]:
    """Let SIGTERM end what runs meanwhile as Ctrl-C does; only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _terminate(_signal: int, _frame: Any) -> None:
    raise _Terminated
