"""Clustering of support and queries together, with or without a Laplacian term (SLK).

    eta    = mean(support) - mean(queries); queries += eta; X = [support; queries]                   (N, width)
    W_ij   = 1 for the knn - 1 nearest other points j of i (directed), else 0                        (N, N)
    sigma2 = sum_ij W_ij ||x_i - x_j||^2 / (5 N)
    a_ik   = ||x_i - C_k||^2 (means) or -exp(-||x_i - C_k||^2 / 2 sigma2) (modes)                    (N, way)
    label  = argmin_k a_ik, or argmax_k Z_ik at the fixed point of Z = softmax(-a + lam W Z)

Labels and centres C take turns until the energy, sum(Z a) - lam sum_k z_k' W z_k, settles.

The weight lam is the best of `GRID` on episodes of the validation classes, where the task has them.

Source: Ziko et al. 2021, arXiv:2106.09516; its code, imtiazziko/SLK-few-shot; Ziko et al. 2018, arXiv:1810.13044 (SLK).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.methods.episodic import Episode, Problem, Rule, Solver, prototypes, squared_distances

Centres = Literal["means", "modes"]
Neighbours = Annotated[int, Ge(2), Le(10_000)]
"""The number of nearest points that count as neighbours, the point itself counted."""
QUERIES = ("support set", "all queries of the episode")
"""What every clustering rule uses."""
MAX_ROUNDS, MAX_BOUND, MAX_SHIFTS = 100, 600, 1000
GRID = (0.05, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0)
UNSEARCHED = 0.7


def clustering_rule(*, centres: Centres, knn: int = 3) -> Rule:
    """Return the rule without a Laplacian term."""
    return lambda _problem: lambda episode: query_labels(episode, centres=centres, lam=None, knn=knn)


def laplacian_rule(*, centres: Centres, lam: float | None, knn: int) -> Rule:
    """Return the rule with a Laplacian term of weight `lam`; None searches `GRID` on the validation classes."""

    def build(problem: Problem) -> Solver:
        weight = lam
        if weight is None and problem.validation is None:
            weight = UNSEARCHED
            problem.note("lam", f"{UNSEARCHED}, not searched: the task has no validation classes")
        elif weight is None:
            weight = search(problem, centres, knn)
        return lambda episode: query_labels(episode, centres=centres, lam=weight, knn=knn)

    return build


def search(problem: Problem, centres: Centres, knn: int) -> float:
    """Return the weight of `GRID` with the best mean accuracy on validation episodes, the first of equal ones."""
    episodes = problem.validation or []
    scores = {
        lam: float(np.mean([(query_labels(e, centres=centres, lam=lam, knn=knn) == y).mean() for e, y in episodes]))
        for lam in GRID
    }
    best = max(scores, key=scores.__getitem__)
    problem.note("lam", best)
    problem.note("lam search", {"validation accuracy": scores, "episodes": len(episodes)})
    return best


def query_labels(episode: Episode, *, centres: Centres, lam: float | None, knn: int) -> IntArray:
    """Return the labels of the queries alone, (n_queries,)."""
    return cluster(episode, centres=centres, lam=lam, knn=knn).labels[len(episode.support) :]


@dataclass(frozen=True)
class Clustering:
    """Labels of all points (support first, then queries) and centres (way, width)."""

    labels: IntArray
    centres: DoubleArray


def cluster(episode: Episode, *, centres: Centres, lam: float | None, knn: int = 3) -> Clustering:
    """Return the clustering of an episode.

    Parameters
    ----------
    episode : support and queries, transformed.
    centres : class means, or the modes of a Gaussian kernel of width sigma.
    lam : weight of the Laplacian term; None leaves it out (then a label is the nearest centre).
    knn : neighbours of a point in W, itself counted.
    """
    x = shifted(episode)
    w = affinity(x, knn)
    sigma2 = kernel_width(x, w) if centres == "modes" else 1.0
    c = prototypes(episode)
    labels = squared_distances(x, c).argmin(axis=1)
    labels[: len(episode.support)] = episode.support_labels
    energy = np.inf
    for number in range(MAX_ROUNDS):
        new_c = _means(x, labels, c) if centres == "means" else _modes(x, labels, c, sigma2)
        d = squared_distances(x, new_c)
        a = d if centres == "means" else -np.exp(-d / (2 * sigma2))
        if lam is None:
            new_labels = d.argmin(axis=1)  # as by a, but far points have no kernel left to compare
            z = _one_hot(new_labels, episode.way)
        else:
            z, _ = bound(a, w, lam, start(a, episode.support_labels))
            new_labels = z.argmax(axis=1)
        if len(np.unique(new_labels)) < episode.way:  # a class vanished: the last whole clustering stands
            break
        labels, c = new_labels, new_c
        before, energy = energy, float((z * a).sum() - (lam or 0.0) * (z * (w @ z)).sum())
        if number > 1 and abs(energy - before) <= 1e-4 * abs(before):
            break
    return Clustering(labels, c)


def shifted(episode: Episode) -> DoubleArray:
    """Return support and queries as one array (N, width), the queries moved so that both have one mean."""
    eta = episode.support.mean(axis=0) - episode.query.mean(axis=0)
    return np.concatenate([episode.support, episode.query + eta])


def affinity(x: DoubleArray, knn: int) -> DoubleArray:
    """Return W (N, N): 1 at the knn - 1 nearest other points of each row, else 0; not symmetric."""
    distances = squared_distances(x, x)
    np.fill_diagonal(distances, np.inf)
    w = np.zeros_like(distances)
    np.put_along_axis(w, np.argsort(distances, axis=1, kind="stable")[:, : knn - 1], 1.0, axis=1)
    np.fill_diagonal(w, 0.0)  # fewer points than neighbours
    return w


def kernel_width(x: DoubleArray, w: DoubleArray) -> float:
    """Return sigma squared; the 5 is the code's constant, whatever the number of neighbours.

    Raises
    ------
    ValueError
        Every point coincides with its neighbours.
    """
    sigma2 = float((w * squared_distances(x, x)).sum() / (5 * len(x)))
    if sigma2 == 0:
        raise ValueError("every point coincides with its neighbours, so the kernel has no width")
    return sigma2


def start(a: DoubleArray, support_labels: IntArray) -> DoubleArray:
    """Return the first Z: softmax(-a), the support rows one-hot. Support labels act through this alone."""
    z = _softmax(-a)
    z[: len(support_labels)] = _one_hot(support_labels, a.shape[1])
    return z


def bound(a: DoubleArray, w: DoubleArray, lam: float, z: DoubleArray) -> tuple[DoubleArray, float]:
    """Iterate Z = softmax(-a + lam W Z) until its bound energy settles; return Z (N, way) and that energy.

        E = sum( Z log Z + a Z - lam (W Z) Z )

    Parameters
    ----------
    a : (N, way) unary costs.
    w : (N, N) affinities.
    lam : weight of the Laplacian term.
    z : (N, way) the first Z.
    """
    energy = np.inf
    for number in range(MAX_BOUND):
        z = _softmax(-a + lam * (w @ z))
        before, energy = energy, float((z * (np.log(np.maximum(z, 1e-20)) + a - lam * (w @ z))).sum())
        if number > 1 and abs(energy - before) <= 1e-7 * abs(before):
            break
    return z, energy


def _means(x: DoubleArray, labels: IntArray, c: DoubleArray) -> DoubleArray:
    return np.stack([x[labels == k].mean(axis=0) for k in range(len(c))])


def _modes(x: DoubleArray, labels: IntArray, c: DoubleArray, sigma2: float) -> DoubleArray:
    """Climb from each centre to the mode of its members' kernel density (mean shift)."""
    modes: DoubleArray = np.empty_like(c)
    exp = np.exp
    for k in range(len(c)):
        members, mode = x[labels == k], c[k]
        for _ in range(MAX_SHIFTS):
            d = ((members - mode) ** 2).sum(axis=1)
            kernel = exp((d.min() - d) / (2 * sigma2))  # the minimum cancels, and keeps the sum from being 0
            before, mode = mode, kernel @ members / kernel.sum()
            if abs(mode - before).max() < 1e-5 * abs(before).max():
                break
        modes[k] = mode
    return modes


def _softmax(logits: DoubleArray) -> DoubleArray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def _one_hot(labels: IntArray, way: int) -> DoubleArray:
    rows: DoubleArray = np.eye(way)[labels]
    return rows
