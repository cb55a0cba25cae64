"""BM25 over a collection, through bm25s.

    score(q, d) = sum over query tokens t (repeats count) of
                  ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + k1 (1 - b + b |d| / avg|d|))

Source: Robertson & Zaragoza 2009; the variant Lucene uses (Kamphuis et al. 2020).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from zsbench import ties
from zsbench.data._collection import Collection
from zsbench.errors import UserError
from zsbench.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

Analyzer = Literal["plain", "english"]


class Bm25:
    """An index over `title + " " + text` of every document.

    Parameters
    ----------
    collection : the documents.
    k1, b : BM25's saturation and length normalisation.
    analyzer : `plain` splits at everything but a-z and 0-9; `english` also stems and drops stop words.
    """

    def __init__(
        self, collection: Collection, *, k1: float = 0.9, b: float = 0.4, analyzer: Analyzer = "plain"
    ) -> None:
        import bm25s

        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self.ids = list(collection.documents)
        self.position = {key: i for i, key in enumerate(self.ids)}
        self._options = _analysis(analyzer)
        texts = [f"{d.title} {d.text}".strip() for d in collection.documents.values()]
        self._index = bm25s.BM25(k1=k1, b=b, method="lucene")
        tokens = bm25s.tokenize(texts, **self._options)
        if not tokens.vocab:
            raise UserError("", "no document has any text", "a collection with texts for BM25")
        self._vocabulary = tokens.vocab
        self._index.index(tokens, show_progress=False)

    def scores(self, query: str) -> NDArray[np.float32]:
        """Return the score of every document, in the order of the collection."""
        import bm25s

        [words] = bm25s.tokenize([query], return_ids=False, **self._options)
        ids = [self._vocabulary[word] for word in words if word in self._vocabulary]
        if not ids:
            return np.zeros(len(self.ids), dtype=np.float32)
        found: NDArray[np.float32] = self._index.get_scores(ids)
        return found

    def top(self, query: str, depth: int) -> dict[str, float]:
        """Return the best documents with a positive score, best first, equal ones in the order of their hashes."""
        scores = self.scores(query)
        rows = np.flatnonzero(scores > 0)
        if depth < len(rows):
            floor = np.partition(scores[rows], len(rows) - depth)[len(rows) - depth]
            rows = rows[scores[rows] >= floor]
        found = {self.ids[i]: float(scores[i]) for i in rows}
        return {key: found[key] for key in ties.best_first(found, query)[:depth]}


def _analysis(analyzer: Analyzer) -> dict[str, Any]:
    plain = {"token_pattern": r"[a-z0-9]+", "stopwords": None, "lower": True, "show_progress": False}
    if analyzer == "plain":
        return plain
    try:
        import Stemmer
    except ImportError:
        raise UserError("", "analyzer 'english' needs PyStemmer", "", "pip install 'zsbench[rerank]'") from None
    return {"stopwords": "en", "stemmer": Stemmer.Stemmer("english"), "lower": True, "show_progress": False}
