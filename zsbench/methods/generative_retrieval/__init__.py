"""Generative retrieval: a function that finds documents for queries by the ids a model gives them.

A method file returns a `Retriever`. It is called as `retriever(model, queries, docids)` and answers, for each query,
with numbers of documents, best first, none of them twice; at most `docids.depth` of them count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.data.collections.collection import Collection


@dataclass(frozen=True)
class Query:
    """One query."""

    id: str
    text: str


@dataclass(frozen=True)
class Docids:
    """The documents that can be found, in an order that says nothing of the data; equal scores keep it.

    Attributes
    ----------
    names : the documents' names in the collection and its judgements.
    ids : aligned, what a model writes for each: a text, or token ids.
    collection : their texts.
    depth : documents wanted for a query.
    places : aligned, where each stands in the task's docids, as arrays list them that hold no names; empty for the
        same order.
    """

    names: list[str]
    ids: list[str | tuple[int, ...]]
    collection: Collection
    depth: int
    places: Sequence[int] = ()


Retriever = Callable[[Any, Sequence[Query], Docids], Iterable[list[int]]]
