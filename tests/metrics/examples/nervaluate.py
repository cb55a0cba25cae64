from tests.metrics.examples import spans
from tests.metrics.examples.spans import perfect

ALSO = [f"nervaluate-F1(mode={mode})" for mode in ("exact", "partial", "type")] + [
    "nervaluate-F1(mode=partial,min_overlap=50,matching=best)",
    "nervaluate-recall(mode=partial,flavour=reference)",
    "nervaluate-precision(mode=type,label=place)",
]
BLIND = {"*"}

__all__ = ["example", "perfect"]


def example(rng, n):
    """Return the spans of `spans` in any order, each up to four words longer, so that many overlap."""

    def reaching(rows):
        return [(rows[i][0], rows[i][1] + int(rng.integers(5)), rows[i][2]) for i in rng.permutation(len(rows))]

    return tuple([reaching(rows) for rows in side] for side in spans.example(rng, n))
