"""Image-text retrieval: captions look for their image, images for any of their captions.

Predictions: parquet with `id` (an image's id, or `<image id>#<number>` for a caption), `found` (ids, best first) and
`scores` (floats), the best `depth` of each query; `zsbench score` also takes `.npz` with `scores` (captions, images).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from zsbench.config.options import ClassTemplate, Count, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import np
from zsbench.core.records import Score, TaskData, digest
from zsbench.core.templates import fill_class
from zsbench.data.captions.captioned import CaptionedImages
from zsbench.data.images.items import count_traits
from zsbench.methods.image_text import Matcher, Scores
from zsbench.metrics.rankings.retrieval import Relevant
from zsbench.tasks.base import BaseTask, covering, require_unique, sample
from zsbench.tasks.formats.rankings import Rankings

# Metrics that look at the first 10 where their name says nothing else.
_WHOLE = {"mean-hit": 10, "RSUM": 10}


class Config(TaskConfig):
    """Keys of a `type: image-text-retrieval` task.

    `template` is put around every caption; `max_captions` keeps the first ones of each image; `folds` splits the
    images into that many galleries of their own (COCO's 1K protocol is 5); `depth` is how many items of each
    ranking are kept, and the largest cut-off a metric may ask for.
    """

    method: Any = "dual-encoder"
    metrics: Texts = [f"hit(query={kind})@{k}" for kind in ("text", "image") for k in (1, 5, 10)]
    template: ClassTemplate = "{}"
    max_captions: Count | None = None
    folds: Count = 1
    depth: Count = Field(default=100, validate_default=True)

    @field_validator("depth")
    @classmethod
    def _covers_the_cut_offs(cls, depth: int, info: ValidationInfo) -> int:
        return covering(depth, info.data.get("metrics", []), Task.metric_kinds, _WHOLE)


@dataclass(frozen=True)
class Query:
    """A caption or an image that looks for the other."""

    id: str
    kind: str
    number: int
    """Among the captions or among the images."""
    fold: int


@dataclass(frozen=True)
class Pairs:
    """Images, captions and which image each caption belongs to."""

    items: list[Any]
    captions: list[str]
    caption_ids: list[str]
    owner: Any


class Task(BaseTask[Config]):
    """Queries of both directions; gold is `Relevant`."""

    family: ClassVar[str] = "image-text"
    gives: ClassVar[str] = "captioned-images"
    gold: ClassVar[tuple[str, str]] = ("caption-table", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("retrieval",)
    shard_size: ClassVar[int] = 1024
    format = Rankings()

    def protocol(self, *, given: bool = False) -> str:
        """Return template, captions an image and folds."""
        own = self.config
        parts = [f"template '{own.template}'"] if own.template != "{}" and not given else []
        parts += [f"first {own.max_captions} captions an image"] if own.max_captions else ["all captions"]
        parts += [f"{own.folds} folds"] if own.folds > 1 else []
        return ", ".join(parts)

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read images (not their pixels) and captions; `limit` counts images."""
        images: CaptionedImages = self.source.build()
        require_unique(images.items, self.source.where)
        keep = sample(len(images.items), limit, seed)
        items = [images.items[i] for i in keep]
        captions = [list(images.captions[i])[: self.config.max_captions] for i in keep]
        pairs = Pairs(
            items,
            [text for own in captions for text in own],
            [f"{item.id}#{k}" for item, own in zip(items, captions, strict=True) for k in range(len(own))],
            np.repeat(np.arange(len(items)), [len(own) for own in captions]),
        )
        fold = np.arange(len(items)) * self.config.folds // len(items)
        queries = [
            Query(key, "text", t, int(fold[i]))
            for t, (key, i) in enumerate(zip(pairs.caption_ids, pairs.owner, strict=True))
        ]
        queries += [Query(item.id, "image", i, int(fold[i])) for i, item in enumerate(items)]
        texts_of = [
            frozenset(f"{item.id}#{k}" for k in range(len(own))) for item, own in zip(items, captions, strict=True)
        ]
        gold = [Relevant(frozenset([items[i].id]), query="text") for i in pairs.owner]
        gold += [Relevant(own, query="image") for own in texts_of]
        repeated = sum(n for n in Counter(pairs.captions).values() if n > 1)
        parts = [f"{item.id}:{item.digest()}" for item in items]
        return TaskData(
            items=queries,
            gold=gold,
            context=pairs,
            fingerprint=digest([*parts, *pairs.captions, str(self.config.folds)]),
            counts=({"captions that stand more than once": repeated} if repeated else {})
            | images.counts
            | count_traits(items),
        )

    def predict(
        self, rule: Matcher, model: Any, data: TaskData, todo: range, run: RunContext
    ) -> Iterator[dict[str, float]]:
        """Yield the best `depth` of each query's gallery, {id: score}."""
        from zsbench.tasks.encoding import Features

        pairs: Pairs = data.context
        texts = [fill_class(self.config.template, text) for text in pairs.captions]
        scores = rule(Features(model, run, pairs.items), texts, pairs.items)
        done = todo.start
        while done < todo.stop:
            block = _block(data.items, done, todo.stop)
            yield from self._rank(scores, pairs, block, data.items)
            done += len(block)
            run.progress(done)

    def _rank(
        self, scores: Scores, pairs: Pairs, block: list[Query], queries: Sequence[Query]
    ) -> Iterator[dict[str, float]]:
        """Return the rankings of queries of one kind and fold."""
        kind, fold = block[0].kind, block[0].fold
        other = "image" if kind == "text" else "text"
        gallery = np.asarray([q.number for q in queries if q.kind == other and q.fold == fold], dtype=np.int64)
        compare = scores.images_for if kind == "text" else scores.texts_for
        rows = compare(np.asarray([query.number for query in block], dtype=np.int64), gallery)
        names = [item.id for item in pairs.items] if other == "image" else pairs.caption_ids
        depth = min(self.config.depth, len(gallery))
        for query, row in zip(block, rows, strict=True):
            if np.isnan(row).any():
                raise RunError(query.id, f"{int(np.isnan(row).sum())} of {len(row)} scores are NaN")
            # Ties at the cut: all that score like the last one stay, so that no tied positive is lost by chance.
            floor = np.partition(row, -depth)[-depth]
            best = np.flatnonzero(row >= floor)
            best = best[np.argsort(-row[best], kind="stable")]
            yield {names[gallery[i]]: float(row[i]) for i in best}

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say why a median rank is undefined: too many queries find nothing within their rankings."""
        beyond = [name for name, score in scores.items() if score.value == float("inf")]
        return f"{', '.join(beyond)}: beyond the rankings, which `depth: {self.config.depth}` cuts" if beyond else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield rankings and gold, a shard at a time; a ranking keeps what lies in its query's own fold."""
        rows = iter(self._within_galleries(data.items, predictions))
        for start in range(0, len(data.items), self.shard_size):
            gold = data.gold[start : start + self.shard_size]
            yield [row for _, row in zip(gold, rows, strict=False)], gold

    def _within_galleries(
        self, queries: Sequence[Query], predictions: Sequence[dict[str, float]]
    ) -> Iterator[dict[str, float]]:
        """Yield each ranking without what lies in another fold than its query.

        Raises
        ------
        UserError
            A ranking names an item that no gallery holds.
        """
        folds: dict[str, dict[str, int]] = {"image": {}, "text": {}}
        for query in queries:
            folds[query.kind][query.id] = query.fold
        for query, ranking in zip(queries, predictions, strict=True):
            other = "image" if query.kind == "text" else "text"
            gallery = folds[other]
            if not ranking.keys() <= gallery.keys():
                unknown = next(name for name in ranking if name not in gallery)
                raise UserError("", f"query '{query.id}' has '{unknown}', which is no {other} of the task")
            yield (
                ranking
                if self.config.folds == 1
                else {name: score for name, score in ranking.items() if gallery[name] == query.fold}
            )


def _block(queries: Sequence[Query], start: int, stop: int) -> list[Query]:
    """Return the queries from `start` on that share kind and fold, at most 256."""
    first, block = queries[start], []
    for query in queries[start : min(stop, start + 256)]:
        if (query.kind, query.fold) != (first.kind, first.fold):
            break
        block.append(query)
    return block
