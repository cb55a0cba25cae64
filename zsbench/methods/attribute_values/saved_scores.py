"""Scores that were computed elsewhere, such as those of a trained graph: a saved score matrix is passed on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import LocalPath
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, np
from zsbench.data.products.product import Product
from zsbench.data.products.score_matrix import read_scores
from zsbench.methods.attribute_values import Linker, Scorer


@method(family="attribute-values", uses=("scores computed elsewhere",))
def saved_scores(*, path: LocalPath) -> Linker:
    """Pass on the scores of a file.

    Parameters
    ----------
    path : .npz with `scores` (n, m), `product_ids` (n,) and `values` (m,), which are the task's in any order.
    """

    def link(_model: Any, values: Sequence[str]) -> Scorer:
        saved, _ = read_scores(Path(path))
        rows = saved.by_product(values)

        def score(products: Sequence[Product]) -> DoubleArray:
            absent = next((product.id for product in products if product.id not in rows), None)
            if absent is not None:
                raise UserError(saved.file, f"no scores of product '{absent}'", "a row for each product of the task")
            return np.stack([rows[product.id] for product in products])

        return score

    return link
