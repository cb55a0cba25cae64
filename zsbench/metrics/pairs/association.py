"""Choosing the images that go with a cue: similarities (n_candidates,) against the set of associated ones.

As many candidates are picked as are associated, those with the highest similarity; of equal ones the wrong come
first. Source: Bitton et al. 2022 (WinoGAViL), arXiv:2207.12576; Gadre et al. 2023 (DataComp), arXiv:2304.14108.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.options import Count
from zsbench.core.lazy import DoubleArray, np
from zsbench.metrics.metric import metric
from zsbench.metrics.rankings.positives import of_scores


@metric("jaccard")
def jaccard(similarities: Sequence[Any], gold: Sequence[frozenset[int]], *, candidates: Count = 1) -> DoubleArray:
    """Images both picked and associated, divided by images either picked or associated, averaged over cues.

    `candidates` leaves out cues with fewer candidates; WinoGAViL's 10-12 split is `candidates=10`.

    Raises
    ------
    ValueError
        A similarity is NaN, or their number is not that of the candidates.

    Examples
    --------
    >>> jaccard([[0.9, 0.8, 0.1, 0.2]], [frozenset({0, 3})]).round(3).tolist()  # picks 0 and 1
    [0.333]
    """
    lengths = np.asarray([len(row) for row in similarities], dtype=np.int64)
    sizes = np.asarray([len(associated) for associated in gold], dtype=np.int64)
    for length, associated in zip(lengths, gold, strict=True):
        if max(associated) >= length:
            raise ValueError(f"{length} similarities, but image {max(associated)} is associated")
    starts = np.cumsum(lengths) - lengths
    chosen = [start + number for start, associated in zip(starts, gold, strict=True) for number in associated]
    is_associated = np.zeros(lengths.sum(), dtype=bool)
    is_associated[chosen] = True
    scores = np.concatenate([np.asarray(row, dtype=np.float64) for row in similarities])
    right = of_scores(np.repeat(np.arange(len(lengths)), lengths), scores, is_associated, sizes).within(sizes)
    return np.where(lengths >= candidates, right / (2 * sizes - right), np.nan)
