"""Linear learners that start from class weights made of texts: logistic regression held near them, prototypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.methods.classification import normalise

if TYPE_CHECKING:
    Examples = tuple[FloatArray, IntArray]

Learner = Literal["linear", "prototypes"]


def learn(
    learner: Learner, labelled: Examples, pseudo: Examples, *, start: FloatArray, logit_scale: float, pull: float
) -> FloatArray:
    """Return class weights (n_classes, width) from labelled and pseudolabelled images.

    Either kind has half of the say in the linear learner, however many images it has; with prototypes all images of
    a class count the same. Without any image the zero-shot weights stay.
    """
    parts = [part for part in (labelled, pseudo) if len(part[1])]
    if not parts:
        return start
    features, labels = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    if learner == "prototypes":
        return fit_prototypes(features, labels, start=start)
    say = np.concatenate([np.full(len(part[1]), 1 / len(parts) / len(part[1])) for part in parts])
    return fit_linear(features, labels, say, start=start, logit_scale=logit_scale, pull=pull)


def fit_linear(
    features: Any, labels: IntArray, weights: Any, *, start: FloatArray, logit_scale: float, pull: float
) -> FloatArray:
    """Return class weights (n_classes, width) that explain the labels and stay near the zero-shot ones.

        min over W of   sum_i v_i CE( softmax(s W x_i), y_i ) + pull / 2 (s |W - W_0|)^2

    The problem is convex, so the answer does not depend on the optimiser (L-BFGS) nor on where it starts.

    Parameters
    ----------
    features : (n, width), of length 1.
    labels : (n,).
    weights : (n,) v, adding up to 1.
    start : (n_classes, width) W_0.
    logit_scale : s.
    pull : how much it costs to leave W_0.
    """
    from scipy.optimize import minimize

    x, v = np.asarray(features, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    origin = logit_scale * np.asarray(start, dtype=np.float64)  # in units of logits
    target = np.zeros((len(x), len(origin)))
    target[np.arange(len(x)), labels] = 1.0

    def loss(flat: Any) -> tuple[float, Any]:
        scaled = flat.reshape(origin.shape)
        logits = x @ scaled.T
        logits -= logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        sums = exponentials.sum(axis=1, keepdims=True)
        entropy = v @ (np.log(sums[:, 0]) - logits[np.arange(len(x)), labels])
        away = scaled - origin
        gradient = (v[:, None] * (exponentials / sums - target)).T @ x + pull * away
        return float(entropy + pull / 2 * (away**2).sum()), gradient.ravel()

    limits: Any = {"maxiter": 1000, "ftol": 0.0, "gtol": 1e-7}
    found = minimize(loss, origin.ravel(), jac=True, method="L-BFGS-B", options=limits)
    return np.asarray(found.x.reshape(origin.shape) / logit_scale, dtype=np.float32)


def fit_prototypes(features: Any, labels: IntArray, *, start: FloatArray) -> FloatArray:
    """Return the mean feature of each class, of length 1 (n_classes, width); W_0 where a class has no image."""
    prototypes = np.array(start, dtype=np.float32)
    for c in np.unique(labels):
        prototypes[c] = normalise(np.asarray(features)[labels == c].mean(axis=0), what="prototypes")
    return prototypes
