"""Which documents define a class: those most like its keywords, above a threshold.

    t = similarity_threshold,  or without one  max_j cos(k, d_j) - similarity_threshold_offset
    chosen: cos(k, d_j) > t, the best max_num_docs of them; the best min_num_docs where fewer are above

With no threshold and an offset of 0, t is the best cosine itself, nothing is above it, and min_num_docs (one) is left.

Source: Schopf et al. 2022, arXiv:2211.16285; sebischair/Lbl2Vec, lbl2vec/lbl2transformervec.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from zsbench.core.lazy import DoubleArray, IntArray, np

Mode = Literal["top", "corpus-prefix"]
_NEIGHBOURS = 20


@dataclass(frozen=True)
class Selection:
    """The options that say which documents define a class."""

    threshold: float | None = None
    offset: float = 0.0
    min_docs: int = 1
    max_docs: int | None = None
    mode: Mode = "top"

    def of(self, cosines: Any) -> IntArray:
        """Return the numbers of the chosen documents, the most similar first; of equal ones the earlier.

        Parameters
        ----------
        cosines : (n_documents,), at least one.
        """
        if self.mode == "corpus-prefix" and self.max_docs is not None:
            # The reference looks at no more than the first documents of the corpus, whatever their similarity is.
            cosines = cosines[: self.max_docs]
        order = np.argsort(-cosines, kind="stable")
        t = cosines[order[0]] - self.offset if self.threshold is None else self.threshold
        n = max(int((cosines > t).sum()), self.min_docs)
        return np.asarray(order[: n if self.max_docs is None else min(n, self.max_docs)])


def label_vectors(
    keywords: DoubleArray, documents: DoubleArray, similarities: Any, selection: Selection, *, without_outliers: bool
) -> tuple[DoubleArray, list[int]]:
    """Return the mean of the documents that define each class (n_classes, width), and how many they are.

    Parameters
    ----------
    keywords : (n_classes, width).
    documents : (n_documents, width), the corpus.
    similarities : (n_documents, n_classes) cosines of the two.
    without_outliers : leave out the documents that their local outlier factor parts from the others of a class.
    """
    vectors, counts = np.empty_like(keywords), []
    for number in range(len(keywords)):
        # In the corpus's order, so that the same documents have the same mean to the last digit.
        chosen = documents[np.sort(selection.of(similarities[:, number]))]
        if without_outliers:
            chosen = inliers(chosen)
        vectors[number] = chosen.mean(axis=0)
        counts.append(len(chosen))
    return vectors, counts


def inliers(vectors: DoubleArray) -> DoubleArray:
    """Return the vectors that are no local outliers among all of them, as Lbl2Vec cleans its classes.

    Source: Breunig et al. 2000 (LOF), as called in sebischair/Lbl2Vec, lbl2vec/lbl2vec.py.
    """
    if len(vectors) < 3:  # of two, each is the other's only neighbour
        return vectors
    from sklearn.neighbors import LocalOutlierFactor

    found = LocalOutlierFactor(n_neighbors=min(_NEIGHBOURS, len(vectors) - 1)).fit_predict(vectors)
    return vectors[found == 1] if (found == 1).any() else vectors
