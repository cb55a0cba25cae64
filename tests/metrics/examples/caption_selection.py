import numpy as np


def example(rng, n):
    return [[list(row) for row in rng.random((2, 4))] for _ in range(n)], [None] * n


def perfect(pred, gold):
    return [np.eye(2, 4)] * len(gold)
