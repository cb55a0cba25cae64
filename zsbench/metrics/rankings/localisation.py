"""Localisation accuracy: an instance counts when everything that must change stands among the first k.

    localisation-acc@k = share of instances whose gold set is a subset of the first k functions
    level=file           the same of files: functions are replaced by their files, each at its first occurrence

`rankings` is a list of {function id: score}, ordered as trec_eval orders; `gold` the aligned list of `Changed`. An
instance without a prediction counts as missed, unless its ranking is None (`missing: skip`); one with fewer than k
functions is judged by those it has. Nothing to find is undefined: functions that a change adds are not gold.

Source: Suresh et al. 2025 (CoRNStack), arXiv:2412.01007, function localisation; Xia et al. 2024 (Agentless),
arXiv:2407.01489.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from zsbench.config.options import Cutoff
from zsbench.core.lazy import DoubleArray
from zsbench.metrics.metric import metric
from zsbench.metrics.rankings.positives import of_lists
from zsbench.metrics.rankings.pytrec import trec_orders

Level = Literal["function", "file"]

_SOURCE_FILE = re.compile(r".+?\.(?:pyx?|pyi|java|jsx?|tsx?|go|rb|php|rs|cc?|cpp|hh?|hpp|cs|kt|scala|swift)(?=/|$)")


@dataclass(frozen=True)
class Changed:
    """The functions and the files that the right change touches."""

    functions: frozenset[str]
    files: frozenset[str]


def file_of(function: str) -> str:
    """Return the file in `path/to/file.py/Class/function`: up to the first part with the ending of a source file."""
    match = _SOURCE_FILE.match(function)
    return match.group() if match else function


@metric("localisation-acc", interval="wilson")
def localisation_accuracy(
    rankings: Sequence[Mapping[str, float] | None], gold: Sequence[Changed], *, k: Cutoff, level: Level = "function"
) -> DoubleArray:
    """1 when all functions (or files) that must change are among the first k.

    Examples
    --------
    >>> rankings = [{"m.py/f": 3.0, "n.py/g": 2.0, "m.py/h": 1.0}]
    >>> gold = [Changed(frozenset({"m.py/f", "m.py/h"}), frozenset({"m.py"}))]
    >>> localisation_accuracy(rankings, gold, k=2).tolist()
    [0.0]
    >>> localisation_accuracy(rankings, gold, k=1, level="file").tolist()
    [1.0]
    """
    if level == "function":
        return of_lists(trec_orders(rankings, k), [changed.functions for changed in gold]).complete(k)
    # A file stands where its first function does.
    files = (order and list(dict.fromkeys(map(file_of, order))) for order in trec_orders(rankings))
    return of_lists(files, [changed.files for changed in gold]).complete(k)
