"""Always the same class: what one gets for knowing only which class is the largest."""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.config.options import Text
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule


@method(family="classification", uses=("the name of the largest class",))
def majority(*, of: Text) -> Rule:
    """Answer `of` for every image; the other classes stay tied behind it."""

    def build(_encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        if of not in problem.class_names:
            hint = did_you_mean(of, problem.class_names)
            raise UserError("", f"majority: no class '{of}'", "one of the task's class names", hint)
        row = np.asarray([other == of for other in problem.class_names], dtype=np.float32)

        def score(batch: Batch) -> FloatArray:
            return np.tile(row, (len(batch.items), 1))

        return Classifier(score, ScoreKind("votes"))

    return build
