"""Verdicts as GitHub's annotations: a line on the screen that its runner turns into an error of the pull request."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.analysis.gate.junit import explained
from zsbench.analysis.gate.verdict import Verdict
from zsbench.report.plain import one_line


def as_annotations(verdicts: Sequence[Verdict]) -> list[str]:
    """Return `::error title=...::...` for every verdict that fails.

    No name can end the line or begin a command of its own: the runner's own escapes are used.
    """
    failing = [row for row in verdicts if not row.passes]
    return [f"::error title={_property(f'{row.suite}: {row.run}')}::{_message(explained(row))}" for row in failing]


def _message(text: str) -> str:
    return one_line(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
