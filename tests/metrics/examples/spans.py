import numpy as np

LABELS = ["person", "place", "thing"]
ALSO = ["F1(average=macro)", "precision(average=weighted)", "F1(label=place)", "spans:recall(label=thing)"]
BLIND = {"*"}  # predictions hold no numbers


def example(rng, n):
    def some():
        return [(int(i), int(i), LABELS[rng.integers(3)]) for i in np.flatnonzero(rng.random(5) < 0.5)]

    return [some() for _ in range(n)], [some() for _ in range(n)]


def perfect(pred, gold):
    return gold
