"""The list to re-rank: where it comes from, how deep it is, and what is done to it before a method sees it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from zsbench import cache, catalog
from zsbench.components import Strict
from zsbench.config import Block
from zsbench.data._collection import Collection
from zsbench.data.judgements import read_run
from zsbench.errors import UserError
from zsbench.methods.rerank import RankItem
from zsbench.models._named import named
from zsbench.models.capabilities import TextEncoder
from zsbench.yamlio import shown

Finder = Callable[[Collection, Sequence[str]], dict[str, list[str]]]
"""From a collection and ids of its queries to the best document ids of each query that has any."""


class Candidates(Strict):
    """Where the list to re-rank comes from.

    `stage`: `bm25`; `dense` with `model`, a text encoder; `run` with `path`, a TREC run; `pool`, the candidates that
    come with the data. `depth`: best candidates kept. `shuffle`: a control that destroys the first-stage order (seeded
    by query id). `k1`, `b`, `analyzer` are BM25's, `index` (exact or faiss) the dense search's.
    """

    stage: Literal["bm25", "dense", "run", "pool"] = "bm25"
    path: str | None = None
    model: str | None = None
    depth: int = Field(default=100, ge=1)
    k1: float = 0.9
    b: float = 0.4
    analyzer: Literal["plain", "english"] = "plain"
    index: Literal["exact", "faiss"] = "exact"
    shuffle: bool = False


class FirstStage:
    """Finds the candidates of queries; checked before anything is read.

    Parameters
    ----------
    own : the task's `candidates:`.
    source : the task's data block, for messages.
    folder : gives the folder where a key's relative paths start.

    Raises
    ------
    UserError
        A run without path, a dense stage without model or with one that encodes no texts.
    """

    def __init__(self, own: Candidates, source: Block, folder: Callable[..., Path]) -> None:
        self.own, self.source = own, source
        self.run_path: Path | None = None
        self.encoder: Block | None = None
        self._encoder_files: list[str] = []
        if own.stage == "run":
            if own.path is None:
                raise UserError(source.where, "candidates: {stage: run} lacks 'path'", "a TREC run file")
            self.run_path = catalog.resolve_path(own.path, folder("candidates", "path"), where=source.where)
        if own.stage == "dense":
            if own.model is None:
                raise UserError(source.where, "candidates: {stage: dense} lacks 'model'", "a text encoder's name")
            self.encoder, self._encoder_files = named(
                own.model, TextEncoder, base=folder("candidates", "model"), where=source.where
            )

    def files(self) -> list[str]:
        """Return the local files that the candidates come from."""
        return [str(self.run_path)] if self.run_path else self._encoder_files

    def label(self) -> str:
        """Return stage, depth and control as the table's head shows them."""
        stage = f"dense {self.own.model}" if self.own.stage == "dense" else self.own.stage
        return f"{stage} top {self.own.depth}" + (", shuffled" if self.own.shuffle else "")

    def items(
        self, collection: Collection, queries: Sequence[str], *, seed: int, drop_query_id: bool = False
    ) -> list[RankItem]:
        """Return every query with its candidates, best first.

        Raises
        ------
        UserError
            A candidate is not in the corpus; the data come without the pool that is asked for.
        """
        # One more than the depth, so that dropping the query's own document leaves a full list.
        find = self._finder(self.own.depth + drop_query_id)
        return self._chosen(find, collection, queries, seed=seed, drop_query_id=drop_query_id)

    def items_of_pools(self, pools: Mapping[str, Collection], *, seed: int) -> list[RankItem]:
        """Return every query with candidates out of a collection of its own; runs and models are read once.

        Raises
        ------
        UserError
            As for `items`.
        """
        find = self._finder(self.own.depth)
        return [item for key, pool in pools.items() for item in self._chosen(find, pool, [key], seed=seed)]

    def _chosen(
        self, find: Finder, collection: Collection, queries: Sequence[str], *, seed: int, drop_query_id: bool = False
    ) -> list[RankItem]:
        """Return queries with the first candidates of those that are found."""
        found = find(collection, queries)
        kept = {
            key: [doc for doc in found.get(key, []) if not (drop_query_id and doc == key)][: self.own.depth]
            for key in queries
        }
        collection.fetch(doc for ids in kept.values() for doc in ids)
        items = []
        for key, ids in kept.items():
            unknown = next((doc for doc in ids if doc not in collection.documents), None)
            if unknown is not None:
                where = shown(self.run_path) if self.run_path else self.source.where
                raise UserError(where, f"query {key}: candidate '{unknown}' is not in the corpus")
            if self.own.shuffle:
                random.Random(f"{seed}:{key}").shuffle(ids)
            items.append(RankItem(key, collection.queries[key], tuple(collection.documents[doc] for doc in ids)))
        return items

    def _finder(self, depth: int) -> Finder:
        """Return what finds the best document ids of each query that has any."""
        if self.run_path is not None:
            from zsbench.metrics._pytrec import trec_order

            run = read_run(self.run_path)
            return lambda _, queries: {key: trec_order(run[key], depth) for key in queries if key in run}
        if self.own.stage == "pool":
            return lambda collection, queries: self._pool(collection, queries, depth)
        if self.encoder is not None:
            encoder = self.encoder.build()
            return lambda collection, queries: self._dense(encoder, collection, queries, depth)
        return lambda collection, queries: self._bm25(collection, queries, depth)

    def _pool(self, collection: Collection, queries: Sequence[str], depth: int) -> dict[str, list[str]]:
        if collection.pool is None:
            raise UserError(self.source.where, "the data come without a pool of candidates", "bm25, dense or run")
        pool = collection.pool()
        return {key: pool[key][:depth] for key in queries if key in pool}

    def _bm25(self, collection: Collection, queries: Sequence[str], depth: int) -> dict[str, list[str]]:
        from zsbench.data._bm25 import Bm25

        index = Bm25(collection, k1=self.own.k1, b=self.own.b, analyzer=self.own.analyzer)
        return {key: index.top(collection.queries[key], depth) for key in queries}

    def _dense(
        self, encoder: TextEncoder, collection: Collection, queries: Sequence[str], depth: int
    ) -> dict[str, list[str]]:
        from zsbench.data import _dense

        ids = list(collection.documents)
        passages = [document.passage for document in collection.documents.values()]
        texts = [collection.queries[key] for key in queries]
        rows = _dense.search(encoder, texts, passages, depth=depth, cache=cache.current(), index=self.own.index)
        return {key: [ids[row] for row in found] for key, found in zip(queries, rows, strict=True)}
