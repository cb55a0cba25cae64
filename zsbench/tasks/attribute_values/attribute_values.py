"""Attribute values: a score for every product and candidate value; several values are true of one product.

Predictions: parquet with `id` and `scores` (a number for each candidate, in order), or `.npz` with `scores` (n, m),
`product_ids` (n,) and `values` (m,) in any order. A value is predicted where its score is above the metric's threshold.

Source: Gong & Eldardiry 2024 (HyperPAVE), arXiv:2402.08802; github.com/gjiaying/HyperPAVE.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from zsbench.config.blocks import Block
from zsbench.config.options import Count, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.drawing import Drawing, Paragraph, Scores
from zsbench.core.errors import UserError
from zsbench.core.lazy import BoolArray, np
from zsbench.core.records import TaskData, canonical_json, digest
from zsbench.data.clusters import taken
from zsbench.data.products.product import Product, ProductSet
from zsbench.methods.attribute_values import Linker
from zsbench.metrics.labels.gold import Labels
from zsbench.tasks.base import BaseTask, require_unique, sample
from zsbench.tasks.formats.value_scores import ValueScores

BATCH = 64


class Config(TaskConfig):
    """Keys of a `type: attribute-values` task.

    `fewest_values`: products with fewer values are left out and counted. The public code lists a product by its second
    value, so that it evaluates those with two or more.
    """

    method: Any = "cosine-link"
    metrics: Texts = [
        "label-F1(average=macro)",
        "row-mAP",
        "label-F1(average=micro)",
        "ROC-AUC(average=micro)",
        "lrap_of_binary",
        "lrap",
        "row-nDCG",
        "row-nDCG@50",
        "row-nDCG@5",
        "row-MRR",
        "row-hit@1",
        "row-hit@5",
        "row-hit@10",
        "row-hit@50",
        "row-hit@100",
        "label-F1(average=macro,columns=unseen)",
        "row-mAP(columns=unseen)",
    ]
    fewest_values: Count = 2


@dataclass(frozen=True)
class Candidates:
    """The candidate values, and which of them are unseen, (n_values,), where the data say so."""

    values: list[str]
    unseen: BoolArray | None


class Task(BaseTask[Config]):
    """Products; gold is which candidates are true of each, (n_values,)."""

    family: ClassVar[str] = "attribute-values"
    gives: ClassVar[str] = "products"
    metric_kinds: ClassVar[tuple[str, ...]] = ("multilabel",)
    shard_size: ClassVar[int] = 1024
    unit: ClassVar[str] = "product"
    format: ValueScores

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.format = ValueScores()
        self._order = ""

    def protocol(self, *, given: bool = False) -> str:
        """Return which products count, and the one order of the columns: rows of other orders do not compare."""
        fewest = self.config.fewest_values
        products = f"products with at least {fewest} value{'s' if fewest > 1 else ''}"
        return products + (f", {len(self.format.values)} columns {self._order}" if self._order else "")

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read products and candidates; what has too few values is left out.

        Raises
        ------
        UserError
            A product stands twice, or none has enough values.
        """
        products: ProductSet = self.source.build()
        require_unique(products.items, self.source.where)
        self.format.values, self._order = products.values, products.order
        n_values = [len(labels) for labels in products.labels]
        scored = [number for number, n in enumerate(n_values) if n >= self.config.fewest_values]
        if not scored:
            raise self._none_scored(len(n_values))
        keep = [scored[number] for number in sample(len(scored), limit, seed)]
        items, labels = [products.items[i] for i in keep], [products.labels[i] for i in keep]
        self.format.left_out = frozenset(item.id for item in products.items) - {item.id for item in items}
        matrix = np.zeros((len(keep), len(products.values)), dtype=bool)
        for row, columns in zip(matrix, labels, strict=True):
            row[list(columns)] = True
        unseen = None
        if products.unseen is not None:
            unseen = np.isin(np.arange(len(products.values)), products.unseen)
        rows = (canonical_json([item.id, item.text, own]) for item, own in zip(items, labels, strict=True))
        return TaskData(
            items=items,
            gold=list(matrix),
            context=Candidates(products.values, unseen),
            fingerprint=digest([*products.values, canonical_json(products.unseen), *rows]),
            counts=products.counts | self._left_out(n_values) | _without_unseen(matrix, unseen),
            clusters=taken(products.clusters, keep, len(products.items)),
        )

    def _none_scored(self, n_products: int) -> UserError:
        """Return the error for data in which every product has too few values."""
        fewest = self.config.fewest_values
        if fewest == 1:
            return UserError(self.source.where, f"none of {n_products} products has a value", "products with values")
        found = f"none of {n_products} products has {fewest} values (`fewest_values: {fewest}`)"
        hint = "`zsbench score` takes it from a task's YAML, beside --gold too"
        return UserError(self.source.where, found, "products with more values, or a smaller `fewest_values:`", hint)

    def _left_out(self, n_values: Sequence[int]) -> dict[str, int]:
        """Return how many products have too few values, those without any apart."""
        none = sum(n == 0 for n in n_values)
        few = sum(0 < n < self.config.fewest_values for n in n_values)
        what = "a single value" if self.config.fewest_values == 2 else f"fewer than {self.config.fewest_values} values"
        counts = {"products left out without a value": none, f"products left out with {what}": few}
        return {what: n for what, n in counts.items() if n}

    def predict(self, rule: Linker, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the scores (n_values,) of each product."""
        candidates: Candidates = data.context
        size = BATCH if run.batch_size == "auto" else int(run.batch_size)
        score = rule(model, candidates.values)
        for start in range(todo.start, todo.stop, size):
            batch: Sequence[Product] = data.items[start : min(start + size, todo.stop)]
            yield from np.asarray(score(batch), dtype=np.float64)
            run.progress(start + len(batch))

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield scores (n_products, n_values) and gold."""
        labels = np.stack(list(data.gold)).astype(np.int64)
        yield np.stack(list(predictions)), Labels(labels, unseen=data.context.unseen)

    def gold_text(self, item: Product, gold: Any, data: TaskData) -> str:
        """Return the values."""
        return ", ".join(data.context.values[column] for column in np.flatnonzero(gold))

    def draw(self, item: Product, gold: Any, prediction: Any, data: TaskData) -> Drawing:
        """Show the product over the best values and those that are true of it."""
        values, scores = data.context.values, np.asarray(prediction, dtype=np.float64)
        order = [int(column) for column in np.argsort(-scores, kind="stable")]
        rows = [
            (values[column], float(scores[column]), bool(gold[column]), rank) for rank, column in enumerate(order, 1)
        ]
        shown = [row for row in rows if row[3] <= 10 or row[2]]
        parts = [Paragraph("Product", item.text)] if item.text else []
        answer = ", ".join(name for name, _, _, rank in shown if rank <= int(np.sum(gold)))
        return Drawing([*parts, Scores("Scores of the values", shown)], self.gold_text(item, gold, data), answer)

    @classmethod
    def gold_source(cls, path: str) -> dict[str, Any]:
        """Read a saved matrix, or products with the values of the file as candidates."""
        return {"source": "score-matrix" if Path(path).suffix == ".npz" else "product-values", "path": path}


def _without_unseen(matrix: BoolArray, unseen: BoolArray | None) -> dict[str, int]:
    """Return how many products have no unseen value: row averages over unseen columns leave them out."""
    without = 0 if unseen is None else int((~matrix[:, unseen].any(axis=1)).sum())
    return {"products without an unseen value": without} if without else {}
