"""Verdicts as JUnit's XML, which every CI shows: a test suite a suite, a test case a metric.

What is worse beyond the rule is a failure; what could not be compared is an error. No times and no host names: the same
verdicts give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from zsbench.analysis.gate.grids import number
from zsbench.analysis.gate.verdict import Verdict
from zsbench.analysis.gate.words import unit_of_differences
from zsbench.report.plain import one_line

_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'
# What XML 1.0 has no way to write, beyond what `one_line` has already replaced.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(verdicts: Sequence[Verdict]) -> bytes:
    """Return the XML of verdicts, which stand suite by suite."""
    root = ElementTree.Element("testsuites", {"name": "zsbench check", **_counts(verdicts)})
    for suite, group in groupby(verdicts, key=lambda row: row.suite):
        rows = list(group)
        of_suite = ElementTree.SubElement(root, "testsuite", {"name": _text(suite), **_counts(rows)})
        for row in rows:
            names = {"classname": _text(f"{suite}.{row.run}"), "name": _text(row.metric or "the run")}
            case = ElementTree.SubElement(of_suite, "testcase", names)
            if row.passes:
                if row.kind != "same":
                    ElementTree.SubElement(case, "system-out").text = _text(explained(row))
                continue
            facts = {"type": row.kind, "message": _text(explained(row))}
            ElementTree.SubElement(case, "failure" if row.kind == "failed" else "error", facts)
    ElementTree.indent(root)
    return _DECLARATION + ElementTree.tostring(root, encoding="unicode").encode() + b"\n"


def explained(row: Verdict) -> str:
    """Return a verdict in one sentence.

    `acc@1 90.00 → 88.50 % (-1.50 points, 95 % interval -2.10 – -0.90) failed: beyond noise`
    """
    if row.then is None or row.now is None:
        return f"{row.metric or 'run'} {row.kind}: {row.reason}"
    shown = [number(value, row.unit) for value in (row.then, row.now)]
    change = f"{number(row.difference, row.unit, sign=True)} {unit_of_differences(row.unit)}".rstrip()
    if row.low is not None:
        change += f", 95 % interval {number(row.low, row.unit, sign=True)} – {number(row.high, row.unit, sign=True)}"
    values = f"{' → '.join(shown)} {row.unit}".rstrip()
    return f"{row.metric} {values} ({change}) {row.kind}: {row.reason}"


def _counts(rows: Sequence[Verdict]) -> dict[str, str]:
    failures = sum(row.kind == "failed" for row in rows)
    errors = sum(not row.passes for row in rows) - failures
    return {"tests": str(len(rows)), "failures": str(failures), "errors": str(errors)}


def _text(text: str) -> str:
    """Return a text on one line, without characters that no XML can hold."""
    return _NO_XML.sub("\ufffd", one_line(text))
