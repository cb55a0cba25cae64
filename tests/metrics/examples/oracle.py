from tests.metrics.examples import spans

ALSO = ["oracle-F1(label=place)"]
BLIND = {"*"}  # a NaN among scores is tested in tests/metrics/test_span_metrics.py


def example(rng, n):
    pred, gold = spans.example(rng, n)
    return [[(*row, float(rng.random())) for row in rows] for rows in pred], gold


def perfect(pred, gold):
    return [[(*row, 1.0) for row in rows] for rows in gold]
