"""Loki's Frechet-mean prediction: the class nearest, in squared distance, to the classifier's whole distribution.

    P      = the probabilities that the scores before are or give    over the observed classes   (n_images, n_observed)
    scores = - P @ D2,     D2[k, y] = d(k, y)^2                      over all classes            (n_images, n_classes)

Logits give the softmax at the model's own scale, or at the task's `logit_scale`, divided by the temperature;
probabilities and the votes of neighbours are P as they stand. With `observed`, only those classes have probabilities
while any class may be the answer. Distances are d, not d^2; between text embeddings d is Euclidean. Where all distances
are equal the rule is the plain argmax, and a distribution near one-hot leaves it little to do: see `temperature`.

Source: Roberts et al. 2023, arXiv:2307.12226.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import LocalPath, Names, Positive
from zsbench.core import jsonfiles
from zsbench.core.errors import RunError, UserError, did_you_mean
from zsbench.core.lazy import DoubleArray, FloatArray, IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.yamlio import shown
from zsbench.data.class_distances import read_distances
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule
from zsbench.methods.classification._support import scored
from zsbench.methods.classification.prompt_ensemble import prompt_weights


@method(family="classification", after="prompt-ensemble", uses=("distances between classes",))
@companions(
    ("nodes", "distances"),
    ("distances", "geometry", "given"),
    *((option, "answer", "frechet-mean") for option in ("geometry", "distances", "nodes", "temperature")),
)
def loki(
    *,
    geometry: Literal["given", "embeddings"] = "given",
    distances: LocalPath | None = None,
    nodes: LocalPath | None = None,
    observed: Names | LocalPath | None = None,
    temperature: Positive = 1.0,
    answer: Literal["frechet-mean", "argmax"] = "frechet-mean",
) -> Rule:
    """Predict the Frechet mean of the class distribution.

    Parameters
    ----------
    geometry : take distances from a file, or from the class text embeddings where no metric is at hand.
    distances : matrix (.npy, .npz, .csv) or edges of a hierarchy; by default the task's own `distances:`.
    nodes : JSON {class name: node name} where the classes have other names in the hierarchy.
    observed : the classes with probabilities (names, or a file: one a line, or a JSON list); by default all.
    temperature : divides the logits before the softmax, which on its own is often too sure.
    answer : argmax answers with the likeliest observed class, the baseline of the paper's tables.
    """

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        names = problem.class_names
        known = np.arange(len(names)) if observed is None else observed_classes(observed, names)
        first = scored(before, method="loki")
        if answer == "argmax":

            def likeliest(batch: Batch) -> Any:
                return known[np.asarray(first.score(batch))[:, known].argmax(axis=1)]

            return Classifier(likeliest, ScoreKind("labels"))
        if geometry == "embeddings":
            squared = squared_euclidean(prompt_weights(encoder, problem))
        else:
            squared = _given(distances, nodes, problem) ** 2

        kind = first.kind.for_model(encoder.model, problem.probability_scale)

        def score(batch: Batch) -> FloatArray:
            try:
                probabilities = kind.probabilities(np.asarray(first.score(batch))[:, known], temperature=temperature)
            except ValueError as error:
                expected = "probabilities over the `observed:` classes, from a method that knows them"
                raise RunError("loki", str(error), expected) from None
            return frechet_scores(probabilities, squared[known]).astype(np.float32)

        return Classifier(score, ScoreKind("distances"))

    return build


def _given(distances: str | None, nodes: str | None, problem: Problem) -> DoubleArray:
    """Return the distances of the method's file, else of the task."""
    if distances is None:
        if problem.distances is None:
            expected = "`distances:` in the method or the task, or `geometry: embeddings`"
            raise UserError("", "loki: no distances between the classes", expected)
        return problem.distances
    return read_distances(Path(distances), problem.class_names, nodes=None if nodes is None else Path(nodes))


def observed_classes(observed: list[str] | str, class_names: list[str]) -> IntArray:
    """Return the numbers of the observed classes (names, or a file of names) in ascending order."""
    where = "" if isinstance(observed, list) else shown(Path(observed))
    wanted = [name for name in observed if name] if isinstance(observed, list) else jsonfiles.texts(Path(observed))
    unknown = next((name for name in wanted if name not in class_names), None)
    if unknown is not None or not wanted:
        found = "loki: no observed class" if unknown is None else f"loki: observed class '{unknown}'"
        raise UserError(where, found, "names of the task's classes", did_you_mean(unknown or "", class_names))
    return np.flatnonzero(np.isin(class_names, wanted))


def frechet_scores(probabilities: Any, squared_distances: Any) -> DoubleArray:
    """Return `- P @ D2` (n_images, n_classes) of P (n_images, n_observed), D2 (n_observed, n_classes), float64."""
    return np.asarray(-(np.asarray(probabilities, dtype=np.float64) @ squared_distances))


def squared_euclidean(embeddings: Any) -> DoubleArray:
    """Return squared Euclidean distances (n_classes, n_classes) between rows of length 1: 2 - 2 cosine."""
    rows = np.asarray(embeddings, dtype=np.float64)
    squared = np.maximum(2 - 2 * rows @ rows.T, 0)
    np.fill_diagonal(squared, 0)
    return np.asarray(squared)
