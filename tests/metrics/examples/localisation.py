from tests.metrics.examples import ranking
from zsbench.metrics.rankings.localisation import Changed, file_of

CUT = {"localisation-acc"}
ALSO = ["localisation-acc(level=file)@2"]
NAMES = {f"d{i}": f"src/m{i % 4}.py/f{i}" for i in range(12)}


def example(rng, n):
    pred, _ = ranking.example(rng, n)
    pred = [{NAMES[d]: score for d, score in row.items()} for row in pred]
    functions = [frozenset(NAMES[f"d{i}"] for i in rng.choice(12, rng.integers(1, 3))) for _ in range(n)]
    return pred, [Changed(own, frozenset(map(file_of, own))) for own in functions]


def perfect(pred, gold):
    return [{f: float(f in own.functions) for f in pred[0]} for own in gold]
