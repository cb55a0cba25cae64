from tests.metrics.examples import ranking
from zsbench.metrics.rankings.answers import Answered

CUT = {"answer-hit"}
TEXTS = {f"d{i}": " ".join("abcdef"[j] for j in range(6) if i % (j + 2) == 0) for i in range(12)}


def example(rng, n):
    pred, _ = ranking.example(rng, n)
    return pred, [Answered(["abcdef"[i] for i in rng.choice(6, 2)], TEXTS.__getitem__) for _ in range(n)]


def perfect(pred, gold):
    return [{d: float(question.by(d)) for d in pred[0]} for question in gold]
