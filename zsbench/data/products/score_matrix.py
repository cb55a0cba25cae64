"""A saved score matrix in one .npz: `scores` and 0/1 `labels` (n, m), `product_ids` (n,), `values` (m,)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import arrays
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.core.lazy import DoubleArray, NDArray, np
from zsbench.data import clusters
from zsbench.data.label_arrays import place
from zsbench.data.products.product import Product, ProductSet, columns_of


@dataclass(frozen=True)
class Scores:
    """Scores (n, m) of n products and m values, whose names stand beside them."""

    file: str
    scores: DoubleArray
    products: list[str]
    values: list[str]

    def by_product(self, values: Sequence[str]) -> dict[str, DoubleArray]:
        """Return each product's scores (m,) in the order of these values.

        Raises
        ------
        UserError
            The matrix has other values.
        """
        number = {value: column for column, value in enumerate(self.values)}
        known = set(values)
        lacking = next((value for value in values if value not in number), None)
        if lacking is not None or len(known) != len(number):
            odd = lacking or next(value for value in self.values if value not in known)
            found = f"{len(number)} values, not the task's {len(values)} ('{odd}' is in one only)"
            near = did_you_mean(odd, number if lacking else values)
            raise UserError(self.file, found, "a column for each candidate of this task", near)
        rows = self.scores[:, [number[value] for value in values]]
        return dict(zip(self.products, rows, strict=True))


def read_scores(path: Path) -> tuple[Scores, dict[str, NDArray[Any]]]:
    """Return the scores of a file, and all of its arrays.

    Raises
    ------
    UserError
        An array is missing, shapes disagree, a score is NaN or no number, a product or a value stands twice.
    """
    held = arrays.read(path)
    scores, products, values = (arrays.pick(held, key, path) for key in ("scores", "product_ids", "values"))
    if scores.dtype.kind not in "fiu" or scores.shape != (products.size, values.size):
        found = f"{scores.dtype} of shape {scores.shape} beside {products.size} product_ids and {values.size} values"
        raise UserError(place(path, "scores"), found, "numbers, a row a product and a column a value")
    ids = _distinct(arrays.texts(products, place(path, "product_ids")), place(path, "product_ids"), "product")
    names = _distinct(arrays.texts(values, place(path, "values")), place(path, "values"), "value")
    bad = np.argwhere(np.isnan(scores))
    if len(bad):
        row, column = bad[0]
        found = f"the score of product '{ids[row]}' and value '{names[column]}' is NaN"
        raise UserError(place(path, "scores"), found, f"numbers ({len(bad)} are NaN)")
    return Scores(shown(path), scores.astype(np.float64), ids, names), held


@source(gives="products")
def score_matrix(*, path: LocalPath, unseen: LocalPath | None = None, cluster: Text | None = None) -> ProductSet:
    """Read products (without texts), candidates and labels of a saved matrix; columns keep the file's order.

    Parameters
    ----------
    path : the file. `saved-scores` reads the scores in it, and so does `zsbench score`.
    unseen : values without a training example, one a line or a JSON list.
    cluster : name of an array (n,) with what each product comes from, by default `clusters` where there is one.

    Raises
    ------
    UserError
        As `read_scores`, there are no labels, they have another shape, or one is neither 0 nor 1.
    """
    file = Path(path)
    saved, held = read_scores(file)
    labels = arrays.pick(held, "labels", file)
    if labels.shape != saved.scores.shape:
        found = f"shape {labels.shape} beside scores {saved.scores.shape}"
        raise UserError(place(file, "labels"), found, "a 0 or 1 for each score")
    bad = np.argwhere(~np.isin(labels, (0, 1)))
    if len(bad):
        row, column = bad[0]
        where = f"{place(file, 'labels')}, product '{saved.products[row]}', value '{saved.values[column]}'"
        raise UserError(where, f"label {labels[row, column]}", "0 or 1")
    return ProductSet(
        [Product(key, "") for key in saved.products],
        saved.values,
        [tuple(np.flatnonzero(row).tolist()) for row in labels],
        f"as in {file.name}",
        None if unseen is None else columns_of(Path(unseen), saved.values),
        clusters=clusters.of_array(held, cluster, len(saved.products), file),
    )


def _distinct(names: list[str], where: str, noun: str) -> list[str]:
    """Return names of which none is empty or there twice."""
    if not names:
        raise UserError(where, f"no {noun}s", "at least one")
    known: set[str] = set()
    for row, name in enumerate(names):
        if not name.strip() or name in known:
            what = f"{noun} '{name}' stands twice" if name.strip() else f"the {noun} is an empty text"
            raise UserError(f"{where}, row {row}", what, f"each {noun} once")
        known.add(name)
    return names
