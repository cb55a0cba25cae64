"""Few-shot episodes on precomputed features: label the queries of a few classes from one or more shots of each.

Predictions: JSONL, one episode a line, {"id": ..., "labels": [...]}: for each query, in the episode's order, its
class as 0..way-1. `eval` also writes which rows of the features file the episode is made of ("classes", "support"
class by class, "query"); where a scored file has "query", it must be the same draw.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from zsbench.config.blocks import Block
from zsbench.config.companions import Requires
from zsbench.config.options import Count, Texts
from zsbench.core import files, jsonfiles
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.records import TaskData, digest
from zsbench.core.yamlio import shown
from zsbench.data.vectors.labelled_features import LabelledFeatures
from zsbench.methods.episodic import Problem, Rule
from zsbench.tasks.base import sample
from zsbench.tasks.episodic._episodes import Design, Drawn, Episodes, Judged


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


class Task:
    """Episodes; gold is the class of each query, 0..way-1."""

    family: ClassVar[str] = "episodic"
    gives: ClassVar[str] = "labelled-features"
    metric_kinds: ClassVar[tuple[str, ...]] = ("episodes",)
    suffix: ClassVar[str] = ".jsonl"
    shard_size: ClassVar[int] = 256
    absent: ClassVar[Any] = None

    def __init__(self, config: Config, source: Block) -> None:
        self.config, self.source = config, source

    def files(self) -> list[str]:
        """Return the files of the features."""
        return [path for block in (self.source, *self.config.sources().values()) for path in block.files()]

    def protocol(self, *, given: bool = False) -> str:
        """Return way, shots, queries, their distribution and the transform."""
        own = self.config
        spread = f", dirichlet(alpha={own.alpha:g})" if own.query_distribution == "dirichlet" else ""
        transform = "" if given else f", {own.transform}"
        return f"{own.way}-way {own.shots}-shot, {own.queries} queries a class{spread}{transform}"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:  # noqa: ARG002
        """Read features and draw the episodes; each depends on `episode_seed` and its own number only."""
        own, found = self.config, self.source.build()
        episodes = Episodes(found, found.base_mean, own, self.source.where)
        items = [episodes.draw(number) for number in sample(own.episodes, limit, seed)]
        gold = [episodes.labels(item) for item in items]
        fewer = sum(len(item.query) < own.way * own.queries for item in items)
        vectors = [found.features.tobytes(), b"" if found.base_mean is None else found.base_mean.tobytes()]
        rows = (f"{i.described()}:{y.tolist()}" for i, y in zip(items, gold, strict=True))
        counts = found.counts | ({"episodes with fewer queries, for lack of images": fewer} if fewer else {})
        return TaskData(items, gold, (episodes, self._validation(found)), digest([*vectors, *rows]), counts)

    def _validation(self, found: LabelledFeatures) -> Judged | None:
        """Return validation episodes with their labels; the mean taken off is that of the test features' file."""
        block, mean = self.config.sources().get("validation"), found.base_mean
        if block is None:
            return None
        return Judged(lambda: Episodes(block.build(), mean, self.config, block.where), self.config.validation_episodes)

    def predict(self, rule: Rule, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[list[int]]:  # noqa: ARG002
        """Yield the labels of each episode's queries."""
        episodes, validation = data.context
        solve = rule(Problem(validation, run.notes.__setitem__))
        for number in todo:
            yield [int(label) for label in solve(episodes.episode(data.items[number]))]
            run.progress(number + 1)

    def check(self, item: Drawn, prediction: list[int]) -> str:
        """Say whether labels are missing or no classes of the episode."""
        if len(prediction) != len(item.query):
            return f"episode {item.id}: {len(prediction)} labels for {len(item.query)} queries"
        bad = [label for label in prediction if not 0 <= label < len(item.classes)]
        return f"episode {item.id}: label {bad[0]} of {len(item.classes)} classes" if bad else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield predicted and true labels of all episodes."""
        yield predictions, data.gold

    def write(self, path: Path, items: Sequence[Drawn], predictions: Sequence[list[int]]) -> None:
        """Write JSONL."""
        rows = [{**item.described(), "labels": labels} for item, labels in zip(items, predictions, strict=True)]
        files.write_bytes(path, "".join(json.dumps(row) + "\n" for row in rows).encode())

    def read(self, path: Path, items: Sequence[Drawn]) -> dict[str, list[int]]:
        """Read JSONL with `id` and `labels`."""
        known = {item.id: item for item in items}
        found: dict[str, list[int]] = {}
        for number, row in jsonfiles.lines(path, {"id": str, "labels": list}):
            where, item = f"{shown(path)}:{number}", known.get(row["id"])
            if row["id"] in found:
                raise UserError(where, f"episode id '{row['id']}' stands twice", "unique ids")
            if not all(type(label) is int for label in row["labels"]):
                raise UserError(where, "'labels' are not all whole numbers", "0..way-1 for each query")
            if item is not None and row.get("query", list(item.query)) != list(item.query):
                hint = "same features file, `episode_seed`, way, shots and queries?"
                raise UserError(where, f"episode '{row['id']}' has other queries than the task draws", "", hint)
            found[row["id"]] = row["labels"]
        return found

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read a features file."""
        return {"source": "labelled-features", "path": path}

    def preview(self, prediction: list[int]) -> str:
        """Return the labels in one text."""
        return " ".join(map(str, prediction))
