"""A few labelled items of each class, drawn with a seed."""

from __future__ import annotations

from zsbench.core.errors import UserError
from zsbench.core.lazy import IntArray, np


def draw_shots(labels: IntArray, shots: int, seed: int, where: str, *, noun: str = "images") -> IntArray:
    """Return the numbers of `shots` items a class, drawn with the seed, class by class.

    Raises
    ------
    UserError
        A class has fewer items than `shots`.
    """
    generator, kept = np.random.default_rng(seed), []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < shots:
            raise UserError(where, f"class {label} has {len(members)} {noun}", f"at least {shots} for {shots} shots")
        kept.append(np.sort(generator.choice(members, shots, replace=False)))
    return np.concatenate(kept)
