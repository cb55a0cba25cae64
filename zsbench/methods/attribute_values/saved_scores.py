"""Scores that were computed elsewhere, such as those of a trained graph: a saved score matrix is passed on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import LocalPath
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.listing import files_below
from zsbench.data.products.product import Product
from zsbench.data.products.score_matrix import Scores, read_scores
from zsbench.methods.attribute_values import Linker, Scorer


@method(family="attribute-values", uses=("scores computed elsewhere",))
def saved_scores(*, path: LocalPath) -> Linker:
    """Pass on the scores of a file.

    Parameters
    ----------
    path : .npz with `scores` (n, m), `product_ids` (n,) and `values` (m,), which are the task's in any order; or a
        folder with one for each task (a run over several categories), of which that with the task's values is taken.
    """

    def link(_model: Any, values: Sequence[str]) -> Scorer:
        saved = _saved(Path(path), values)
        rows = saved.by_product(values)

        def score(products: Sequence[Product]) -> DoubleArray:
            absent = next((product.id for product in products if product.id not in rows), None)
            if absent is not None:
                raise UserError(saved.file, f"no scores of product '{absent}'", "a row for each product of the task")
            return np.stack([rows[product.id] for product in products])

        return score

    return link


def _saved(path: Path, values: Sequence[str]) -> Scores:
    """Return the matrix of a file, or the one of a folder that has these values.

    Raises
    ------
    UserError
        No file of the folder has them, or several do.
    """
    if not path.is_dir():
        return read_scores(path)[0]
    files = files_below(path, (".npz",)).files
    fitting = [saved for saved, _ in map(read_scores, files) if set(saved.values) == set(values)]
    if len(fitting) != 1:
        found = f"{len(files)} matrices, of which {len(fitting)} have the task's {len(values)} values"
        raise UserError(shown(path), found, "one that has them")
    return fitting[0]
