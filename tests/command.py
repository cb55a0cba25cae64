"""A command in this process: what it prints and how it ends, without the second that a process of its own takes."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple
from unittest import mock

from zsbench.cli.main import run


class Screen(NamedTuple):
    out: str
    err: str


def call(*arguments):
    """Return the exit code of `zsbench ARGUMENTS` and what stands on the screen."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with mock.patch.object(sys, "argv", ["zsbench", *map(str, arguments)]), redirect_stdout(out), redirect_stderr(err):
        try:
            run()
        except SystemExit as stop:
            code = stop.code or 0
    return code, Screen(out.getvalue(), err.getvalue())
