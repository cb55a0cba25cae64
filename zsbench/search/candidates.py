"""The list to re-rank: where it comes from, how deep it is, and what is done to it before a method sees it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from zsbench.config.blocks import Block
from zsbench.config.components import Strict
from zsbench.config.models import named
from zsbench.config.options import Count, NonNegative, Positive, Share, Text
from zsbench.config.paths import resolve_path
from zsbench.core import cache, ties
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.data.collections.judgements import read_run
from zsbench.models.capabilities import TextEncoder
from zsbench.search import bm25
from zsbench.search.analyzers import Analyzer
from zsbench.search.postings import Field

Ranked = Mapping[str, float]
"""Documents with the first stage's scores, best first."""
Finder = Callable[[Collection, Sequence[str]], Mapping[str, Ranked]]
"""From a collection and ids of its queries to the best documents of each query that has any."""

STAGES = {
    "bm25": ("k1", "b", "analyzer", "fields"),
    "dense": ("model", "index", "title"),
    "run": ("path", "outside_corpus"),
    "pool": ("outside_corpus",),
}
"""The keys that only some stages have."""
_NEEDED = {"dense": ("model", "a text encoder's name"), "run": ("path", "a TREC run file")}


class Candidates(Strict):
    """Where the list to re-rank comes from.

    `stage`: `bm25`; `dense` with `model`, a text encoder; `run` with `path`, a TREC run; `pool`, the candidates that
    come with the data. `depth`: best candidates kept. `shuffle`: a control that destroys the first-stage order (seeded
    by query id). `k1`, `b`, `analyzer` are BM25's, and so is `fields`, the weights of `title` and `text` where each has
    an index of its own (`{title: 1, text: 1}`: the multi-field index of the public BEIR runs). `index` (exact or faiss)
    and `title` are the dense search's: `drop` searches texts without their titles, which a method still sees.
    `outside_corpus`: a candidate of a run or pool that the corpus does not hold is an error, or left out (`skip`) and
    counted.

    Candidates of equal score, and those of a pool that nobody scored, stand in the order of a hash of their ids, the
    same for every seed: the order in which data list documents means nothing. In a run, trec_eval's order stands.
    """

    stage: Literal["bm25", "dense", "run", "pool"] = "bm25"
    path: Text | None = None
    model: Text | None = None
    depth: Count = 100
    k1: NonNegative = 0.9
    b: Share = 0.4
    analyzer: Analyzer = "plain"
    fields: dict[Field, Positive] = {}
    index: Literal["exact", "faiss"] = "exact"
    title: Literal["keep", "drop"] = "keep"
    shuffle: bool = False
    outside_corpus: Literal["error", "skip"] = "error"

    @model_validator(mode="after")
    def _keys_of_the_stage(self) -> Candidates:
        """Refuse a key that the stage would not read, and a stage without the key it needs."""
        others = {key for keys in STAGES.values() for key in keys} - set(STAGES[self.stage])
        for key in sorted(others & self.model_fields_set):
            owners = " or ".join(stage for stage, keys in STAGES.items() if key in keys)
            raise _expected(f"no '{key}' beside `stage: {self.stage}`; it belongs to {owners}")
        key, what = _NEEDED.get(self.stage, ("stage", ""))
        if getattr(self, key) is None:
            raise _expected(f"{what}: {{stage: {self.stage}}} lacks '{key}'")
        return self


class FirstStage:
    """Finds the candidates of queries; checked before anything is read.

    Parameters
    ----------
    keys : the task's `candidates:`.
    source : the task's data block, for messages.
    folder : gives the folder where a key's relative paths start.
    where : gives the place of a key, for messages.

    Attributes
    ----------
    cost : what finding candidates asked of a text encoder.
    counts : lists that end among equal scores, and what a run names that the collection does not hold.

    Raises
    ------
    UserError
        A dense stage with a model that encodes no texts.
    """

    def __init__(
        self,
        keys: Candidates,
        source: Block,
        folder: Callable[..., Path],
        where: Callable[[tuple[str, ...]], str],
    ) -> None:
        self.keys, self.source = keys, source
        self.cost, self.counts = Cost(), Counter[str]()
        self.run_path: Path | None = None
        self.encoder: Block | None = None
        self._encoder_files: list[str] = []
        self._run_queries: set[str] = set()
        self._longest = 0
        if keys.path is not None:
            place = ("candidates", "path")
            self.run_path = resolve_path(keys.path, folder(*place), where=where(place))
        if keys.model is not None:
            place = ("candidates", "model")
            self.encoder, self._encoder_files = named(keys.model, TextEncoder, base=folder(*place), where=where(place))

    def files(self) -> dict[str, list[str]]:
        """Return the local files that the candidates come from, by the key that names them."""
        return {"path": [str(self.run_path)]} if self.run_path else {"model": self._encoder_files}

    def label(self) -> str:
        """Return stage, depth (that of the run's lists where they are shorter) and control as tables show them."""
        stage = f"dense {self.keys.model}" if self.keys.stage == "dense" else self.keys.stage
        if self.keys.fields:
            stage += " of " + " + ".join(f"{weight:g} {field}" for field, weight in self.keys.fields.items())
        stage += " without titles" if self.keys.title == "drop" else ""
        depth = min(self.keys.depth, self._longest or self.keys.depth)
        return f"{stage} top {depth}" + (", shuffled" if self.keys.shuffle else "")

    def items(
        self, collection: Collection, queries: Sequence[str], *, seed: int, drop_query_id: bool = False
    ) -> list[RankItem]:
        """Return every query with its candidates, best first.

        Raises
        ------
        UserError
            A candidate is not in the corpus; the data come without the pool that is asked for.
        """
        if self.keys.stage in ("bm25", "dense") and queries and not any(collection.queries[q].strip() for q in queries):
            raise UserError(self.source.where, "no query has any text", "texts of queries, such as `topics:` of TREC's")
        # One more than is kept shows a tie at the cut; another one fills the place of the query's own document.
        find = self._finder(self.keys.depth + 1 + drop_query_id)
        self.counts["queries of the run without text"] = len(self._run_queries - collection.queries.keys())
        return self._chosen(find, collection, queries, seed=seed, drop_query_id=drop_query_id)

    def items_of_pools(self, pools: Mapping[str, Collection], *, seed: int) -> list[RankItem]:
        """Return every query with candidates out of a collection of its own; runs and models are read once.

        Raises
        ------
        UserError
            As for `items`.
        """
        find = self._finder(self.keys.depth + 1)
        return [item for key, pool in pools.items() for item in self._chosen(find, pool, [key], seed=seed)]

    def _chosen(
        self, find: Finder, collection: Collection, queries: Sequence[str], *, seed: int, drop_query_id: bool = False
    ) -> list[RankItem]:
        """Return queries with the first of the candidates that a search finds."""
        ranked = find(collection, queries)
        kept = {key: self._cut(ranked.get(key, {}), dropped=key if drop_query_id else None) for key in queries}
        if self.keys.stage == "run":
            self._longest = max(self._longest, *map(len, kept.values()), 0)
        collection.fetch(doc for ids in kept.values() for doc in ids)
        items = []
        for key, ids in kept.items():
            documents = self._present(key, ids, collection)
            if self.keys.shuffle:
                random.Random(f"{seed}:{key}").shuffle(documents)
            items.append(RankItem(key, collection.queries[key], tuple(collection.documents[doc] for doc in documents)))
        return items

    def _cut(self, ranked: Ranked, *, dropped: str | None) -> list[str]:
        """Return the first candidates and count the list when the next one would have the last one's score."""
        ids = [document for document in ranked if document != dropped]
        depth = self.keys.depth
        if len(ids) > depth and ranked[ids[depth - 1]] == ranked[ids[depth]]:
            self.counts["queries with ties where candidates are cut"] += 1
        return ids[:depth]

    def _present(self, query: str, ids: Iterable[str], collection: Collection) -> list[str]:
        """Return the candidates that the corpus holds; others are an error, or counted."""
        present = []
        for document in ids:
            if document in collection.documents:
                present.append(document)
            elif self.keys.outside_corpus == "skip":
                self.counts["candidates not in the corpus left out"] += 1
            else:
                where = shown(self.run_path) if self.run_path else self.source.where
                hint = "`candidates: {outside_corpus: skip}` leaves such candidates out and counts them"
                raise UserError(where, f"query {query}: candidate '{document}' is not in the corpus", "", hint)
        return present

    def _finder(self, depth: int) -> Finder:
        """Return what finds the best documents of each query that has any."""
        self.counts.clear()
        self._longest = 0
        if self.run_path is not None:
            run = read_run(self.run_path)
            self._run_queries = set(run)
            return lambda _, queries: self._run(run, queries, depth)
        if self.keys.stage == "pool":
            return lambda collection, queries: self._pool(collection, queries, depth)
        if self.encoder is not None:
            encoder = self.encoder.build()
            self.cost = getattr(encoder, "cost", self.cost)
            return lambda collection, queries: self._dense(encoder, collection, queries, depth)
        return lambda collection, queries: self._bm25(collection, queries, depth)

    def _run(self, run: Mapping[str, Ranked], queries: Sequence[str], depth: int) -> dict[str, Ranked]:
        from zsbench.metrics.rankings.pytrec import trec_scores

        return {key: trec_scores(run[key], depth) for key in queries if key in run}

    def _pool(self, collection: Collection, queries: Sequence[str], depth: int) -> dict[str, Ranked]:
        if collection.pool is None:
            raise UserError(self.source.where, "the data come without a pool of candidates", "bm25, dense or run")
        pool = collection.pool()
        return {
            key: {document: pool[key][document] for document in ties.best_first(pool[key], key)[:depth]}
            for key in queries
            if key in pool
        }

    def _bm25(self, collection: Collection, queries: Sequence[str], depth: int) -> dict[str, Ranked]:
        keys = self.keys
        index = bm25.indexed(collection, k1=keys.k1, b=keys.b, analyzer=keys.analyzer, fields=keys.fields)
        mute = sum(not index.tokens(collection.queries[key]) for key in queries)
        self.counts[f"queries without a token for bm25's analyzer ({self.keys.analyzer})"] += mute
        return {key: index.top(collection.queries[key], depth) for key in queries}

    def _dense(
        self, encoder: TextEncoder, collection: Collection, queries: Sequence[str], depth: int
    ) -> dict[str, Ranked]:
        from zsbench.search import dense

        # Equal scores keep the order of the passages, so that these stand in no order of the data.
        ids = ties.in_any_order(collection.documents)
        documents = [collection.documents[key] for key in ids]
        passages = [document.text if self.keys.title == "drop" else document.passage for document in documents]
        texts = [collection.queries[key] for key in queries]
        rows = dense.scored(encoder, texts, passages, depth=depth, cache=cache.current(), index=self.keys.index)
        return {key: {ids[row]: score for row, score in hits} for key, hits in zip(queries, rows, strict=True)}


def _expected(text: str) -> PydanticCustomError:
    """Return a schema's error that says what was expected instead."""
    return PydanticCustomError("expected", "{expected}", {"expected": text})
