from dataclasses import replace

import numpy as np

from tests.metrics.examples import retrieval
from zsbench.metrics.rankings.retrieval import Concepts

CUT = {"slope-per-decade", "frequency-spearman", "tail-hit", "head-hit"}
COUNTS = np.array([40, 3, 900, 4, 1, 12])
ABOUT = [[0, 2], [2, -1], [0, -1], [1, 4], [4, -1], [1, -1], [3, 5], [3, -1], [5, -1]]
"""No query is about a rare concept and a frequent one: what is best for slope and ranks is then known."""


def example(rng, n):
    pred, gold = retrieval.example(rng, n)
    of_queries = rng.permutation(np.tile(ABOUT, (1 + n // len(ABOUT), 1)))[:n]
    return pred, [replace(row, concepts=Concepts(c, COUNTS)) for row, c in zip(gold, of_queries, strict=True)]


def perfect(pred, gold):
    """Find what queries about rare concepts look for, and nothing of the others."""
    return [
        {d: float(d in row.positives) * (1 if COUNTS[row.concepts.numbers].min() < 20 else -1) for d in pred[0]}
        for row in gold
    ]
