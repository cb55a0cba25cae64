"""Inputs for the common tests of metrics: one file a kind, found by folder under the kind's own name.

A file `examples/<kind>.py` belongs to `zsbench/metrics/<kind>.py` and holds

    example(rng, n) -> (pred, gold)     n random items; `gold` is a list, or a subclass of list with facts beside it
    perfect(pred, gold) -> pred         what no prediction can beat

and, where the kind has such metrics, sets of their names:

    CUT        those that need a cut-off; they are tested at 3
    ALSO       further spellings, with parameters, that are tested too
    OF_PAIRS   those in which an item and its copy are a pair of their own
    TOTALS     those that add up over items, and are twice as large for twice the items
    BLIND      those that look at no scores, so that a NaN cannot show ("*": all of the kind)
"""

import importlib
import pkgutil

import numpy as np

KINDS = {found.name: importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)}


def names(which):
    """Return what the files say under one of the optional words, as (kind, name) pairs."""
    return {(kind, name) for kind, module in KINDS.items() for name in getattr(module, which, ())}


def rows_and_labels(rng, n):
    """Return scores of six classes (n, 6) and labels (n,): what most kinds of classification start from."""
    return [list(row) for row in rng.random((n, 6))], [int(y) for y in rng.integers(0, 6, n)]


def one_hot(gold):
    """Return scores that put the true class first with certainty."""
    return [list(row) for row in np.eye(6)[np.asarray(gold)]]
