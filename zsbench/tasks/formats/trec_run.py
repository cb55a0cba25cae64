"""Rankings as a TREC run, `query Q0 document rank score tag`: the predictions of tasks that rank documents.

The scores of a run that is written are n - rank, so that neither float32 nor ties can undo the order.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from zsbench.core import files
from zsbench.core.lazy import np
from zsbench.data.collections.judgements import read_run
from zsbench.metrics.rankings.pytrec import scores_of
from zsbench.tasks.formats.format import Format


@dataclass
class TrecRun(Format):
    """Scores of documents for a query, {document: score}.

    Attributes
    ----------
    tag : the last column of the runs that are written.
    unjudged : queries of the runs read so far that are not among the task's: the data judge or hold others.
    """

    tag: str = "zsbench"
    unjudged: int = 0
    suffixes: ClassVar[tuple[str, ...]] = (".run",)

    def name(self, method: str) -> None:
        """Take a method's name as the last column, which holds no blanks."""
        self.tag = tag(method)

    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[dict[str, float]]) -> None:
        """Write a run, tagged with the method's name."""
        lines = [
            f"{item.id} Q0 {doc} {rank} {score:.0f} {self.tag}\n"
            for item, ranking in zip(items, predictions, strict=True)
            for rank, (doc, score) in enumerate(ranking.items(), 1)
        ]
        files.write_bytes(path, "".join(lines).encode())

    def read(self, path: Path, items: Sequence[Any]) -> dict[str, Mapping[str, float]]:
        """Read any run as trec_eval does; queries that are not judged are left out and counted."""
        run = read_run(path) if path.stat().st_size else {}
        judged = {item.id for item in items}
        self.unjudged += sum(key not in judged for key in run)
        return {key: ranking for key, ranking in run.items() if key in judged}

    def check(self, item: Any, prediction: Mapping[str, float]) -> str:
        """Say whether a score is NaN or infinite."""
        if np.isfinite(scores_of(prediction)).all():
            return ""
        bad = next(doc for doc, score in prediction.items() if not math.isfinite(score))
        return f"query {item.id}: score of '{bad}' is not finite"

    def preview(self, prediction: Mapping[str, float]) -> str:
        """Return the first ten document ids."""
        return " ".join(doc for doc, _ in heapq.nlargest(10, prediction.items(), key=lambda pair: pair[1]))


def tag(method: str) -> str:
    """Return a method's name as the last column of a run, which holds no blanks."""
    return re.sub(r"\s+", "-", method.strip()) or "zsbench"
