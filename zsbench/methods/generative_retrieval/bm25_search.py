"""BM25 over the whole collection: the baseline that has an index of words and no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import NonNegative, Share
from zsbench.methods.generative_retrieval import Docids, Query, Retriever
from zsbench.search.analyzers import Analyzer
from zsbench.search.bm25 import indexed


@method(family="generative-retrieval")
def bm25_search(*, k1: NonNegative = 0.9, b: Share = 0.4, analyzer: Analyzer = "plain") -> Retriever:
    """Find documents by their words; those without an id cannot be found, like with every other method of the task.

    Parameters
    ----------
    k1, b : saturation and length normalisation.
    analyzer : `plain` words (a to z, 0 to 9), `english` with stemming and stop words, `anserini` as the public BM25
        runs, `words` of every script, or `bigrams`: these, and pairs of characters in Chinese, Japanese, Korean, Thai,
        Lao, Khmer and Burmese.

    Source: Robertson & Zaragoza 2009.
    """

    def retrieve(_model: Any, queries: Sequence[Query], docids: Docids) -> Iterator[list[int]]:
        index = indexed(docids.collection, k1=k1, b=b, analyzer=analyzer)
        number = {name: i for i, name in enumerate(docids.names)}
        n_unnamed = sum(name not in number for name in docids.collection.documents)
        for query in queries:
            best = index.top(query.text, docids.depth + n_unnamed)
            yield [number[name] for name in best if name in number][: docids.depth]

    return retrieve
