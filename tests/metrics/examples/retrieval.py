from tests.metrics.examples import ranking
from zsbench.metrics.rankings.retrieval import Relevant

CUT = {"hit", "recall"}


def example(rng, n):
    pred, _ = ranking.example(rng, n)
    found = [frozenset(f"d{i}" for i in rng.choice(12, rng.integers(1, 4), replace=False)) for _ in range(n)]
    return pred, [Relevant(positives, query=("text", "image")[i % 2]) for i, positives in enumerate(found)]


def perfect(pred, gold):
    return [{d: float(d in row.positives) for d in pred[0]} for row in gold]
