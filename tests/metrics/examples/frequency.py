import numpy as np

from tests.metrics import examples


class Counted(list):
    counts = np.array([40, 3, 900, 4, 1, 17])


def example(rng, n):
    pred, gold = examples.rows_and_labels(rng, n)
    for row, label in zip(pred, gold, strict=True):
        row[label] += 0.4  # many are right: of classes that are all wrong there is no correlation
    return pred, Counted(gold)


def perfect(pred, gold):
    """Right on the rarer half of the classes alone: no other answers fall as steeply with the count."""
    x = np.log10(Counted.counts[np.unique(gold)])
    is_rare = np.log10(Counted.counts[np.asarray(gold)]) < x.mean()
    return [list(row) for row in np.eye(6)[np.where(is_rare, gold, (np.asarray(gold) + 1) % 6)]]
