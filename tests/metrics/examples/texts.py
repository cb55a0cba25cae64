from tests.metrics.examples import spans
from tests.metrics.examples.spans import perfect

ALSO = [
    "text-F1(flavour=gollie)",
    "text-recall(flavour=instructuie)",
    "text-precision(flavour=gollie,label=place)",
    "text-F1(flavour=universalner,smoothing=1e-10)",
]
BLIND = {"*"}
TEXTS = ["Queen", "the Queen", "queen!", "ABBA"]

__all__ = ["example", "perfect"]


def example(rng, n):
    def written(rows):
        return [(*row, None, TEXTS[rng.integers(4)]) for row in rows]

    return tuple([written(rows) for rows in side] for side in spans.example(rng, n))
