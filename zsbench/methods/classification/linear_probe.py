"""Linear probe: multinomial logistic regression (L-BFGS) on the features of labelled images.

    min over W, b  ( sum_i -log softmax( W x_i + b )_{y_i} ) + |W|^2 / (2 C)        W (n_classes, width)
    scores = features . W^T + b

C is given, or searched on validation images: 1e-6, 1e-4, ..., 1e6, then the interval round the best is halved until
the resolution is 8 steps a decade. Features are the model's own, not brought to unit length.

Source: Radford et al. 2021, arXiv:2103.00020, appendix A.3.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Le

from zsbench.config.components import method
from zsbench.config.options import Positive
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule
from zsbench.methods.classification._search import record, sweep, validation_images
from zsbench.methods.classification._support import support_of
from zsbench.models.capabilities import ImageTextEncoder


@method(family="classification", needs=(ImageTextEncoder,), uses=("support set", "validation set"))
def linear_probe(*, C: Positive | None = None, max_iter: Annotated[int, Ge(1), Le(1_000_000)] = 1000) -> Rule:
    """Classify by a logistic regression on the support images; the texts of the classes play no part.

    Parameters
    ----------
    C : inverse strength of the regularisation; None searches it on the validation images.
    max_iter : steps of the solver; running out of them is noted in the result.
    """

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        support = support_of(encoder, problem, method="linear-probe")
        if len(np.unique(support.labels)) < 2:
            raise UserError("", "linear-probe: support images of one class only", "at least two classes")
        rows, n = encoder.images(support.items, raw=True), len(problem.class_names)

        def probe(c: float) -> Probe:
            return fit(rows, support.labels, n, C=c, max_iter=max_iter)

        best = C
        if best is None:
            _, labelled = validation_images(encoder, problem, method="linear-probe", what="C")
            raw = encoder.images(labelled.items, raw=True)
            best, right = sweep(lambda c: int((probe(c).scores(raw).argmax(1) == labelled.labels).sum()))
            record(encoder, {"C": best}, labelled, correct=right[best], tried=len(right))
        fitted = probe(best)
        if not fitted.converged:
            encoder.note("solver", f"did not converge in {max_iter} steps (C = {best:g})")

        def score(batch: Batch) -> Any:
            return fitted.scores(batch.raw)

        return Classifier(score, ScoreKind("logits"))

    return build


@dataclass(frozen=True)
class Probe:
    """Weights (n_classes, width) and biases (n_classes,); a class without support images has bias -inf."""

    weights: DoubleArray
    biases: DoubleArray
    converged: bool

    def scores(self, features: Any) -> DoubleArray:
        """Return the logits (n, n_classes)."""
        return np.asarray(features @ self.weights.T + self.biases)


def fit(features: Any, labels: IntArray, n_classes: int, *, C: float, max_iter: int = 1000) -> Probe:
    """Fit the regression.

    Parameters
    ----------
    features : (n, width).
    labels : (n,), of two classes at least.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=C, max_iter=max_iter, solver="lbfgs")
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        regression.fit(np.asarray(features, dtype=np.float64), labels)
    coefficients, intercepts = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:
        # Two classes have one row of coefficients, for the second; the first one's logit is 0.
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    weights, biases = np.zeros((n_classes, coefficients.shape[1])), np.full(n_classes, -np.inf)
    weights[regression.classes_], biases[regression.classes_] = coefficients, intercepts
    return Probe(weights, biases, not any(issubclass(w.category, ConvergenceWarning) for w in raised))
