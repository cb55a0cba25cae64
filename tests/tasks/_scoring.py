"""`zsbench score` in one call: exit code, rows of the table, and what stands on the screen."""

import json
from dataclasses import dataclass

from tests.command import call


@dataclass
class Scored:
    code: int
    rows: list
    screen: str

    def __getitem__(self, metric):
        """Return the value of a metric."""
        return next(row["value"] for row in self.rows if row["metric"] == metric)


def zsbench(*arguments):
    """Run a command and return its exit code, stdout and stderr."""
    code, screen = call(*arguments)
    return code, screen.out, screen.err


def score(task, predictions, *more, metrics=()):
    """Score predictions; `more` are further arguments."""
    named = [part for name in metrics for part in ("--metric", name)]
    command = ["score", task, "--predictions", predictions, *named, *more]
    code, out, err = zsbench(*command)
    rows = json.loads(zsbench(*command, "--json")[1])["rows"] if code == 0 else []
    return Scored(code, rows, " ".join((out + err).split()))  # lines are folded where the screen ends
