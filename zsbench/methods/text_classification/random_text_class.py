"""Random scores: the chance row of text classification."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.config.components import method
from zsbench.config.options import Seed
from zsbench.core.lazy import FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.text_classification import Classifier, Rule, TextItem, TextProblem, Texts


@method(family="text-classification")
def random_text_class(*, seed: Seed = 0) -> Rule:
    """Draw scores that depend on the seed and the text's id only, never on order or batch."""

    def build(_texts: Texts, problem: TextProblem) -> Classifier:
        n = len(problem.class_names)

        def score(items: Sequence[TextItem]) -> FloatArray:
            draws = [np.random.default_rng(list(f"{seed}:{item.id}".encode())).random(n) for item in items]
            return np.asarray(draws, dtype=np.float32)

        return Classifier(score, ScoreKind("votes"))

    return build
