"""Image-text retrieval: captions look for their image, images for any of their captions.

Predictions: parquet with `id` (an image's id, or `<image id>#<number>` for a caption), `found` (ids, best first) and
`scores` (floats), the best `depth` of each query; `zsbench score` also takes `.npz` with `scores` (captions, images).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from zsbench.config.blocks import Block
from zsbench.config.options import ClassTemplate, Count, Texts
from zsbench.core.context import RunContext
from zsbench.core.doubts import joined
from zsbench.core.drawing import Drawing, Paragraph, Part
from zsbench.core.lazy import np
from zsbench.core.records import Score, TaskData, digest
from zsbench.core.templates import fill_class
from zsbench.data.captions.captioned import CaptionedImages
from zsbench.data.clusters import taken
from zsbench.data.images.items import count_traits
from zsbench.methods.image_text import Matcher
from zsbench.metrics.rankings.concepts import OF_FREQUENCY
from zsbench.metrics.rankings.positives import Ranked
from zsbench.metrics.rankings.retrieval import Relevant
from zsbench.tasks import drawings
from zsbench.tasks.base import BaseTask, covering, looked_at, require_unique, sample
from zsbench.tasks.classification.metric_checks import require_suited
from zsbench.tasks.formats.ranking_tables import Ranking
from zsbench.tasks.formats.rankings import Rankings
from zsbench.tasks.image_text import _ties
from zsbench.tasks.image_text._concepts import CountedConcepts
from zsbench.tasks.image_text._pairs import Pairs, Query, other
from zsbench.tasks.image_text._ranks import best, ranks

# Queries compared with their gallery at once.
_AT_ONCE = 256
TOP = 5
"""Images shown of those that a caption found."""
# Metrics that look at the first 10 where their name says nothing else.
_WHOLE = {"mean-hit": 10, "RSUM": 10}


class Config(CountedConcepts):
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


class Task(BaseTask[Config]):
    """Queries of both directions; gold is `Relevant`."""

    family: ClassVar[str] = "image-text"
    gives: ClassVar[str] = "captioned-images"
    gold: ClassVar[tuple[str, str]] = ("caption-table", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("retrieval", "concepts")
    shard_size: ClassVar[int] = 1024
    unit: ClassVar[str] = "image"
    format = Rankings()

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self._with_best: dict[str, tuple[float, str]] = {}

    def protocol(self, *, given: bool = False) -> str:
        """Return template, captions an image and folds."""
        config = self.config
        parts = [f"template '{config.template}'"] if config.template != "{}" and not given else []
        parts += [f"first {config.max_captions} captions an image"] if config.max_captions else ["all captions"]
        parts += [f"{config.folds} folds"] if config.folds > 1 else []
        return ", ".join(parts)

    def named_files(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the files of counts and concepts."""
        return self.config.files_of_concepts()

    def metric_names(self, names: Sequence[str]) -> list[str]:
        """Return the metrics, with those of frequency in either direction where the task names counts."""
        added = [f"{name}(query={kind})@1" for kind in ("text", "image") for name in OF_FREQUENCY]
        return self.config.with_frequency(names, added, self.metric_kinds)

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read images (not their pixels) and captions; `limit` counts images."""
        images: CaptionedImages = self.source.build()
        require_unique(images.items, self.source.where)
        keep = sample(len(images.items), limit, seed)
        items = [images.items[i] for i in keep]
        captions = [list(images.captions[i])[: self.config.max_captions] for i in keep]
        pairs = Pairs.of(items, captions, folds=self.config.folds)
        queries, ids = pairs.queries(), pairs.ids
        require_unique(queries, self.source.where)
        gold = [Relevant(frozenset([ids["image"][i]]), query="text") for i in pairs.owner.tolist()]
        ends = np.cumsum([len(texts) for texts in captions]).tolist()
        gold += [
            Relevant(frozenset(ids["text"][end - len(texts) : end]), query="image")
            for end, texts in zip(ends, captions, strict=True)
        ]
        about = self.config.concepts_of(ids["image"])
        if about is not None:
            owners = [*pairs.owner.tolist(), *range(len(items))]
            gold = [replace(row, concepts=about[owner]) for row, owner in zip(gold, owners, strict=True)]
        require_suited(
            self.config, self.config.metrics, self.metric_kinds, [dict.fromkeys(ids["image"], 0.0)], gold[:1]
        )
        # An image and its captions are alike, so metrics of either direction and of both draw them together.
        of_images = taken(images.clusters, keep, len(images.items)) or ids["image"]
        repeated = sum(n for n in Counter(pairs.captions).values() if n > 1)
        parts = [f"{item.id}:{item.digest()}" for item in items]
        return TaskData(
            items=queries,
            gold=gold,
            context=pairs,
            fingerprint=digest([*parts, *pairs.captions, str(self.config.folds)]),
            clusters=[of_images[i] for i in pairs.owner.tolist()] + of_images,
            counts=({"captions that stand more than once": repeated} if repeated else {})
            | images.counts
            | count_traits(items),
        )

    def predict(self, rule: Matcher, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Ranking]:
        """Yield the best `depth` of each query's gallery."""
        from zsbench.tasks.encoding import Features

        pairs: Pairs = data.context
        texts = [fill_class(self.config.template, text) for text in pairs.captions]
        scores = rule(Features(model, run, pairs.items), texts, pairs.items)
        done = todo.start
        alike = itertools.groupby(data.items[todo.start : todo.stop], key=lambda query: (query.kind, query.fold))
        for (kind, fold), group in alike:
            gallery, ids = pairs.gallery(other(kind), fold), pairs.ids[other(kind)]
            compare = scores.images_for if kind == "text" else scores.texts_for
            while queries := list(itertools.islice(group, _AT_ONCE)):
                rows = compare(np.asarray([query.number for query in queries], dtype=np.int64), gallery)
                table = best(rows, queries, gallery, ids, depth=self.config.depth)
                yield from (Ranking(table, row) for row in range(len(queries)))
                done += len(queries)
                run.progress(done)

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say why a median rank is undefined, and which cut-offs no ranking of so few items can miss."""
        beyond = [name for name, score in scores.items() if score.value == float("inf")]
        cut = f"{', '.join(beyond)}: beyond the rankings, which `depth: {self.config.depth}` cuts" if beyond else ""
        values = {name: score.value for name, score in scores.items() if score.n}
        ties = _ties.told(self._with_best, values)
        return joined(cut, *self._whole_galleries(data.context, list(scores)), ties)

    def summary(self, data: TaskData, predictions: Sequence[Ranking]) -> dict[str, Any]:
        """Count answers that tie with other items, and return the values were ties counted for the query.

        Metrics count ties against the query, so that a model which scores all alike finds nothing; the public code of
        CLIP_benchmark counts strictly better items alone. Where both rules differ, both values are shown.
        """
        parts = list(self.chunks(data, predictions))
        self._with_best = {}
        if n := _ties.n_tied(parts):
            data.counts[_ties.TIED] = n
            self._with_best = _ties.with_best(self.config.metrics, self.metric_kinds, parts)
        return {"with ties=best": {k: value for k, (value, _) in self._with_best.items()}} if self._with_best else {}

    def _whole_galleries(self, pairs: Pairs, names: Sequence[str]) -> list[str]:
        """Return what is said of metrics that look at all items of a gallery, where something is always found."""
        said = []
        for kind, items in (("image", "images"), ("text", "captions")):
            smallest = int(np.bincount(pairs.folds_of(kind)).min())
            certain = [
                name
                for name in names
                if f"query={kind}" not in name and looked_at(name, self.metric_kinds, _WHOLE) >= smallest
            ]
            said += [f"{', '.join(certain)}: there are only {smallest} {items} to find"] if certain else []
        return said

    def chunks(self, data: TaskData, predictions: Sequence[Ranking]) -> Iterator[tuple[Ranked, Any]]:
        """Yield rankings and gold of queries of one kind; a ranking keeps what lies in its query's own fold.

        Raises
        ------
        UserError
            A ranking names an item that no gallery holds.
        """
        start = 0
        rows = zip(data.items, predictions, strict=True)
        for _, group in itertools.groupby(rows, key=lambda row: (row[0].kind, row[1].table)):
            queries, rankings = zip(*group, strict=True)
            stop = start + len(queries)
            yield Ranked(ranks(data.context, queries, rankings)), data.gold[start:stop]
            start = stop

    def drawn_unit(self) -> str:
        """Return `image`, or `cluster` where a column of the data says what images come from."""
        return "cluster" if "cluster" in self.source.options else self.unit

    def gold_text(self, item: Query, gold: Relevant, data: TaskData) -> str:
        """Return the image of a caption, or the captions of an image."""
        return " ".join(sorted(gold.positives))

    def draw(self, item: Query, gold: Relevant, prediction: Ranking, data: TaskData) -> Drawing:
        """Show a caption with the images that it found, or an image with its captions."""
        pairs: Pairs = data.context
        found = prediction.best(drawings.LISTED)
        places = pairs.places[other(item.kind)]
        right = dict.fromkeys(sorted(gold.positives), "belongs to it")
        if item.kind == "image":
            head: list[Part] = [drawings.image(pairs.items[item.number])]
            title = "Captions found"
        else:
            images = [key for key in dict.fromkeys([*found[:TOP], *right]) if key in places]
            head = [Paragraph("Caption", pairs.captions[item.number])]
            head += [drawings.candidate(pairs.items[places[key]], right=key in right) for key in images]
            title = "Images found"

        def text_of(key: str) -> str:
            return pairs.captions[places[key]] if item.kind == "image" and key in places else ""

        return drawings.of_ranking(head, found, text_of, right, title=title)
