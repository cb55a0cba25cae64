"""How far off a wrong class is: predicted labels, or the best of scores, against labels that know distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.labels._answers import answers
from zsbench.metrics.metric import metric

if TYPE_CHECKING:
    from zsbench.metrics.labels.gold import Labels


@metric("mean-sq-distance", unit="", better="lower")
def mean_squared_distance(pred: Any, gold: Labels) -> DoubleArray:
    """Squared distance between predicted and true class, averaged over items; the task's `distances:` says how far.

    Among equal scores the lowest class answers. Source: Roberts et al. 2023, arXiv:2307.12226.

    Raises
    ------
    ValueError
        The gold labels come without distances.

    Examples
    --------
    >>> from zsbench.metrics.labels.gold import Labels
    >>> gold = Labels(np.array([0, 1, 1]), distances=np.array([[0.0, 2.0], [2.0, 0.0]]))
    >>> mean_squared_distance(np.array([0, 1, 0]), gold).tolist()
    [0.0, 0.0, 4.0]
    """
    if getattr(gold, "distances", None) is None:
        raise ValueError("the task has no `distances:` between its classes")
    predicted, labels = answers(pred, gold)
    assert gold.distances is not None
    return np.asarray(gold.distances[predicted, labels] ** 2)
