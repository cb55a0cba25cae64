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


@metric("jaccard")
def jaccard(similarities: Sequence[Any], gold: Sequence[frozenset[int]], *, candidates: Count = 1) -> DoubleArray:
    """Images both picked and associated, divided by images either picked or associated, averaged over cues.

    `candidates` leaves out cues with fewer candidates; WinoGAViL's 10-12 split is `candidates=10`.

    Raises
    ------
    ValueError
        A similarity is NaN, or their number is not that of the candidates.
    """
    return np.asarray(
        [
            _overlap(row, associated) if len(row) >= candidates else np.nan
            for row, associated in zip(similarities, gold, strict=True)
        ]
    )


def _overlap(similarities: Any, associated: frozenset[int]) -> float:
    scores = np.asarray(similarities, dtype=np.float64)
    if np.isnan(scores).any():
        raise ValueError("a similarity is NaN")
    if max(associated) >= len(scores):
        raise ValueError(f"{len(scores)} similarities, but image {max(associated)} is associated")
    is_associated = np.isin(np.arange(len(scores)), list(associated))
    picked = np.lexsort((is_associated, -scores))[: len(associated)]
    right = int(is_associated[picked].sum())
    return right / (2 * len(associated) - right)
