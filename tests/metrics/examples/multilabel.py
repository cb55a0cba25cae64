import numpy as np

CUT = {"row-hit"}
ALSO = [
    "ROC-AUC(average=micro)",
    "ROC-AUC(average=micro,columns=unseen)",
    "label-F1(average=micro)",
    "label-F1(columns=unseen)",
    "row-mAP(columns=unseen)",
    "row-nDCG@2",
    "row-hit@9",
]


class Split(list):
    unseen = np.array([False, True] * 3)


def example(rng, n):
    return [list(row) for row in rng.random((n, 6))], Split(list(row) for row in rng.integers(0, 2, (n, 6)))


def perfect(pred, gold):
    return [[float(target) for target in row] for row in gold]
