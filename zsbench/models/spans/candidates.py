"""From tables of span probabilities to candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.core.lazy import np
from zsbench.data.sentences.sentence import Mention


def above(probabilities: Any, labels: Sequence[str], threshold: float) -> list[Mention]:
    """Return the spans inside a sentence whose probability exceeds the threshold, by start, width and label.

    Parameters
    ----------
    probabilities : (n_words, max_width, n_labels); entry (i, w, c) is the span of words i to i + w, both included.
    labels : their names, in the order of the last axis.

    Raises
    ------
    ValueError
        A probability inside the sentence is NaN.
    """
    table = np.asarray(probabilities)
    n_words, max_width, _ = table.shape
    inside = np.arange(n_words)[:, None] + np.arange(max_width) < n_words
    if np.isnan(table[inside]).any():
        raise ValueError("a span probability is NaN")
    where = np.argwhere((table > threshold) & inside[..., None])
    scores = table[tuple(where.T)].tolist()
    return [
        Mention(start, start + width, labels[label], score)
        for (start, width, label), score in zip(where.tolist(), scores, strict=True)
    ]
