"""What `--json` prints, for `eval` and for `score`: suites with their table's rows, whole results and errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from zsbench.report import tables
from zsbench.report.means import Mean


@dataclass(frozen=True)
class Suite:
    """One suite's results with the published values beside them, what failed, by the run's title, and means of runs."""

    name: str
    results: list[dict[str, Any]]
    expected: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    means: Sequence[Mean] = ()


def as_json(suites: Sequence[Suite]) -> str:
    """Return the envelope: `{"schema_version", "rows", "suites": [{"suite", "rows", "results", "errors"}, ...]}`.

    `rows` at the top are those of all suites, as `table --format json` has them; `means` stand beside the results that
    they are of, where `score --mean` asks for them.
    """
    written = [
        {
            "suite": suite.name,
            "rows": [asdict(row) for row in tables.rows(suite.results, suite.expected)],
            "results": suite.results,
            "errors": [{"run": run, "error": error} for run, error in suite.errors.items()],
            **({"means": [asdict(mean) for mean in suite.means]} if suite.means else {}),
        }
        for suite in suites
    ]
    rows = [row for suite in written for row in suite["rows"]]
    return json.dumps({"schema_version": 1, "rows": rows, "suites": written}, indent=2, ensure_ascii=False)
