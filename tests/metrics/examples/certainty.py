import numpy as np

from tests.metrics import examples

ALSO = ["certain-ratio(classes=kept)", "acc-among(items=newly-certain)"]


def example(rng, n):
    pred, gold = examples.rows_and_labels(rng, n)
    pred = [[8 * s for s in row] for row in pred]
    for row in pred[1::2]:  # every other item has lost one or two classes
        row[rng.integers(0, 3)] = row[rng.integers(0, 3)] = -np.inf
    pred[0] = [30.0 * (c == 1) for c in range(6)]
    return pred, gold


def perfect(pred, gold):
    def row(i, y):
        return [-np.inf if i % 2 and c == (y + 1) % 6 else 30.0 * (c == y) for c in range(6)]

    return [row(i, y) for i, y in enumerate(gold)]
