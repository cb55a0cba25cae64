"""Random scores: the chance row of classification."""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.config.options import Seed
from zsbench.core.lazy import FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule


@method(family="classification")
def random_class(*, seed: Seed = 0) -> Rule:
    """Draw scores that depend on the seed and the item's id only, never on order or batch."""

    def build(_encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        def score(batch: Batch) -> FloatArray:
            draws = [_draw(f"{seed}:{item.id}", len(problem.class_names)) for item in batch.items]
            return np.asarray(draws, dtype=np.float32)

        return Classifier(score, ScoreKind("votes"))

    return build


def _draw(key: str, n: int) -> FloatArray:
    return np.random.default_rng(list(key.encode())).random(n, dtype=np.float32)
