"""Scores that were computed elsewhere: the vectors of a feature file are what a classifier said of each class.

    data: {source: features, path: saved.npz, features: prob, labels: label}
    method: [{name: given-scores, of: probabilities}, shrink-certainty]

The columns are the file's `class_names`, or the classes in label order where the file names none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from zsbench.config.components import method
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.data.class_names import plain
from zsbench.data.vectors.features import FeatureRow
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule


@method(family="classification", uses=("scores computed elsewhere",))
def given_scores(*, of: Literal["logits", "probabilities"] = "logits") -> Rule:
    """Take the vectors of `source: features` as scores of the classes, for rules that go on from them.

    Parameters
    ----------
    of : what the vectors are; probabilities are at least 0 and count by their share of an image's sum.
    """

    def build(_encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        def score(batch: Batch) -> FloatArray:
            scores = np.stack([_scores(item, problem.class_names) for item in batch.items])
            wrong = (scores < 0).any(axis=1) | (scores.sum(axis=1) <= 0)
            if of == "probabilities" and wrong.any():
                found = "a probability below 0, or none above"
                raise UserError(batch.items[int(wrong.argmax())].id, found, "probabilities, or `of: logits`")
            return scores

        return Classifier(score, ScoreKind(of))

    return build


def _scores(item: Any, class_names: Sequence[str]) -> FloatArray:
    """Return the scores (n_classes,) of an item in the order of the task's classes."""
    row = item.open()
    if not isinstance(row, FeatureRow):
        raise UserError(item.id, "an image, of which there are no scores", "data with `source: features`")
    columns = class_names if row.columns is None else row.columns
    if len(row.vector) != len(columns):
        found = f"{len(row.vector)} numbers" + ("" if columns else ", and nothing says which class each is of")
        raise UserError(item.id, found, f"scores of {len(columns) or len(class_names)} classes, named by `class_names`")
    place = {plain(name): number for number, name in enumerate(columns)}
    lacking = next((name for name in class_names if plain(name) not in place), None)
    if lacking is not None:
        raise UserError(item.id, f"no score of class '{lacking}'", "every class", did_you_mean(lacking, list(columns)))
    return np.asarray(row.vector[[place[plain(name)] for name in class_names]])
