"""Few-shot episodes on precomputed features: label the queries of a few classes from one or more shots of each.

Predictions: JSONL, one episode a line, {"id": ..., "labels": [...]}: for each query, in the episode's order, its
class as 0..way-1. `eval` also writes which rows of the features file the episode is made of ("classes", "support"
class by class, "query"); where a scored file has "query", it must be the same draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from zsbench.config.companions import Requires
from zsbench.config.options import Count, Texts
from zsbench.core.context import RunContext
from zsbench.core.drawing import Drawing, Table
from zsbench.core.records import TaskData, digest
from zsbench.data.vectors.labelled_features import LabelledFeatures
from zsbench.methods.episodic import Problem, Rule
from zsbench.tasks.base import BaseTask, sample
from zsbench.tasks.episodic._episodes import Design, Drawn, Episodes, Judged
from zsbench.tasks.formats.episode_labels import EpisodeLabels


class Config(Design):
    """Keys of a `type: episodic` task.

    `queries` a class; with `query_distribution: dirichlet` that many on average, the classes' shares drawn with
    concentration `alpha`. `transform`: features as they are (UN), of length 1 (L2N), or of length 1 after the mean
    of the base classes is taken off (CL2N). `validation`: features of other classes, for methods that search, with
    `validation_episodes` episodes of the same kind.
    """

    data_keys: ClassVar[tuple[str, ...]] = ("validation",)
    requires: ClassVar[tuple[Requires, ...]] = (
        ("alpha", "query_distribution", "dirichlet"),
        ("validation_episodes", "validation"),
    )

    method: Any = "simpleshot"
    metrics: Texts = ["episode-acc"]
    validation: Any = None
    validation_episodes: Count = 500


class Task(BaseTask[Config]):
    """Episodes; gold is the class of each query, 0..way-1."""

    family: ClassVar[str] = "episodic"
    gives: ClassVar[str] = "labelled-features"
    gold: ClassVar[tuple[str, str]] = ("labelled-features", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("episodes",)
    shard_size: ClassVar[int] = 256
    format = EpisodeLabels()

    def protocol(self, *, given: bool = False) -> str:
        """Return way, shots, queries, their distribution and the transform."""
        config = self.config
        spread = f", dirichlet(alpha={config.alpha:g})" if config.query_distribution == "dirichlet" else ""
        transform = "" if given else f", {config.transform}"
        return f"{config.way}-way {config.shots}-shot, {config.queries} queries a class{spread}{transform}"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read features and draw the episodes; each depends on `episode_seed` and its own number only."""
        config, vectors = self.config, self.source.build()
        episodes = Episodes(vectors, vectors.base_mean, config, self.source.where)
        items = [episodes.draw(number) for number in sample(config.episodes, limit, seed)]
        gold = [episodes.labels(item) for item in items]
        fewer = sum(len(item.query) < config.way * config.queries for item in items)
        parts = [vectors.features.tobytes(), b"" if vectors.base_mean is None else vectors.base_mean.tobytes()]
        rows = (f"{i.described()}:{y.tolist()}" for i, y in zip(items, gold, strict=True))
        counts = vectors.counts | ({"episodes with fewer queries, for lack of images": fewer} if fewer else {})
        return TaskData(items, gold, (episodes, self._validation(vectors)), digest([*parts, *rows]), counts)

    def _validation(self, vectors: LabelledFeatures) -> Judged | None:
        """Return validation episodes with their labels; the mean taken off is that of the test features' file."""
        block, mean = self.config.sources().get("validation"), vectors.base_mean
        if block is None:
            return None
        return Judged(lambda: Episodes(block.build(), mean, self.config, block.where), self.config.validation_episodes)

    def predict(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[list[int]]:
        """Yield the labels of each episode's queries."""
        episodes, validation = data.context
        solve = rule(Problem(validation, run.notes.__setitem__))
        for number in todo:
            yield [int(label) for label in solve(episodes.episode(data.items[number]))]
            run.progress(number + 1)

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield predicted and true labels of all episodes."""
        yield predictions, data.gold

    def draw(self, item: Drawn, gold: Any, prediction: Sequence[int], data: TaskData) -> Drawing:
        """Show how many queries of each class went to which: classes as numbers of the sorted list of all."""
        way = len(item.classes)
        counts = [[0.0] * way for _ in range(way)]
        for true, answer in zip(gold, prediction, strict=True):
            counts[int(true)][int(answer)] += 1
        names = [f"class {number}" for number in item.classes]
        right = [(k, k) for k in range(way)]
        n_right = sum(counts[k][k] for k in range(way))
        return Drawing(
            [Table("Queries by true class (rows) and predicted class (columns)", names, names, counts, right)],
            gold=f"{len(item.query)} queries",
            answer=f"{n_right:.0f} of {len(item.query)} right",
        )
