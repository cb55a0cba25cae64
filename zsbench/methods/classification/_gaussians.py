"""Classes as Gaussians of one covariance, and the linear discriminant they make; float64 throughout.

    W, b = mu_c P,  log(1 / C) - mu_c P mu_c / 2         means mu (n_classes, D), precision P (D, D)

Source: Wang et al. 2024, arXiv:2402.04087, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zsbench.core.lazy import DoubleArray, IntArray, np


@dataclass(frozen=True)
class Gaussians:
    """Means (n_classes, width) and the common precision matrix (width, width)."""

    means: DoubleArray
    precision: DoubleArray

    def discriminant(self) -> tuple[DoubleArray, DoubleArray]:
        """Return weights (n_classes, width) and biases (n_classes,) under equal priors."""
        weights = self.means @ self.precision
        biases = -np.log(len(self.means)) - 0.5 * (weights * self.means).sum(axis=1)
        return weights, np.asarray(biases)


def pooled(rows: Any, labels: IntArray, n_classes: int) -> Gaussians:
    """Return class means and the shrunk inverse of the covariance about them.

    Parameters
    ----------
    rows : (n, width) unit features; classes may have unequal numbers of them, at least one each.
    labels : (n,).
    """
    rows = np.asarray(rows, dtype=np.float64)
    means = class_means(rows, labels, n_classes)
    spread = rows - means[labels]
    # One row in all has no covariance; its scatter is 0 whatever it is divided by.
    degrees = max(len(rows) - 1, 1)
    return Gaussians(means, shrunk_inverse(spread.T @ spread / degrees, degrees))


def per_class(rows: Any, labels: IntArray, n_classes: int) -> Gaussians:
    """Return class means and the plain pseudo-inverse of the classes' mean covariance (each over n_c - 1).

    Parameters
    ----------
    rows : (n, width) unit features, at least two a class: one has no covariance.
    labels : (n,).
    """
    rows = np.asarray(rows, dtype=np.float64)
    counts = np.bincount(labels, minlength=n_classes)
    means = class_means(rows, labels, n_classes)
    spread = (rows - means[labels]) / np.sqrt(counts[labels] - 1)[:, None]
    return Gaussians(means, _pinv(spread.T @ spread / n_classes))


def new_classes(rows: Any, texts: Any, *, k: int = 64, text_repeat: int = 16) -> Gaussians:
    """Return Gaussians of classes without images, from the rows of other classes nearest to their texts.

    Parameters
    ----------
    rows : (n, width) unit features of base classes.
    texts : (n_new, width) unit text features of the new classes.
    k : rows taken for each class, at most all of them.
    text_repeat : how often the text itself counts in the mean.
    """
    rows, texts = np.asarray(rows, dtype=np.float64), np.asarray(texts, dtype=np.float64)
    k = min(k, len(rows))
    nearest = np.argsort(-(texts @ rows.T), axis=1, kind="stable")[:, :k]
    means = (rows[nearest].sum(axis=1) + text_repeat * texts) / (k + text_repeat)
    precision = np.zeros((rows.shape[1], rows.shape[1]))
    degrees = max(k - 1, 1)
    for text, chosen in zip(texts, nearest, strict=True):
        spread = rows[chosen] - text
        precision += shrunk_inverse(spread.T @ spread / degrees, degrees) / len(texts)
    return Gaussians(means, precision)


def class_means(rows: DoubleArray, labels: IntArray, n_classes: int) -> DoubleArray:
    """Return the mean row of every class (n_classes, width)."""
    sums = np.zeros((n_classes, rows.shape[1]))
    np.add.at(sums, labels, rows)
    return np.asarray(sums / np.bincount(labels, minlength=n_classes)[:, None])


def shrunk_inverse(covariance: DoubleArray, degrees: int) -> DoubleArray:
    """Return D pinv( degrees * S + trace(S) I ) of a covariance S (D, D); 0 where S is 0."""
    width = len(covariance)
    return width * _pinv(degrees * covariance + np.trace(covariance) * np.eye(width))


def _pinv(matrix: DoubleArray) -> DoubleArray:
    # The cut is relative to the largest eigenvalue: what rounding leaves of a zero eigenvalue is far below it.
    return np.asarray(np.linalg.pinv(matrix, rcond=1e-12, hermitian=True))
