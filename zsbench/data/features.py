"""Feature vectors of images, shapes or videos in a file (.npz, safetensors, parquet), with labels.

features        (n_items, width)             one vector an item
labels          (n_items,)                   0-based, or a 0/1 matrix (n_items, n_classes)
class_names     (n_classes,)                 optional, in label order
ids             (n_items,)                   optional; else the row's number
query_features  (n_items, n_regions, width)  optional vectors of regions
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench import arrays
from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._images import ImageSet
from zsbench.errors import UserError
from zsbench.lazy import lazy
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")


@dataclass(frozen=True)
class FeatureRow:
    """What stands for a decoded image: its vector (width,) and, where the file has them, its regions' vectors."""

    vector: NDArray[np.float32]
    regions: NDArray[np.float32] | None


@dataclass(frozen=True)
class FeatureItem:
    """One row of a feature file; it answers as an image item does."""

    id: str
    row: FeatureRow

    def digest(self) -> str:
        """Return the digest of the vectors."""
        state = hashlib.blake2b(np.ascontiguousarray(self.row.vector).tobytes(), digest_size=16)
        if self.row.regions is not None:
            state.update(np.ascontiguousarray(self.row.regions).tobytes())
        return state.hexdigest()

    def open(self) -> FeatureRow:
        """Return the vectors."""
        return self.row


@source(gives="images", files=lambda options: [options["path"]])
def features(
    *,
    path: LocalPath,
    features: str = "features",
    labels: str = "labels",
    class_names: str = "class_names",
    ids: str = "ids",
    query_features: str = "query_features",
    rows: str | None = None,
) -> ImageSet:
    """Read a feature file; the model that goes with it is the adapter `features`.

    Parameters
    ----------
    path : .npz, .safetensors or .parquet.
    features, labels, class_names, ids, query_features : names of the arrays.
    rows : name of an array of row numbers, for a file that holds several splits; None takes every row.

    Raises
    ------
    UserError
        A missing array, arrays of different lengths, a row with NaN, a label that is no whole number.
    """
    file = Path(path)
    found = arrays.read(file)
    vectors = arrays.rows(found, features, file)
    regions = arrays.rows(found, query_features, file, ndim=3) if query_features in found else None
    if regions is not None and regions.shape[::2] != vectors.shape:
        where = f"{shown(file)}: array '{query_features}'"
        raise UserError(where, f"shape {regions.shape}", f"({len(vectors)}, regions, {vectors.shape[1]})")
    gold = _labels(arrays.pick(found, labels, file), len(vectors), f"{shown(file)}: array '{labels}'")
    names = arrays.texts(found[ids], f"{shown(file)}: array '{ids}'") if ids in found else None
    if names is not None and len(names) != len(vectors):
        raise UserError(f"{shown(file)}: array '{ids}'", f"{len(names)} rows", f"{len(vectors)}, one an item")
    classes = (
        arrays.texts(found[class_names], f"{shown(file)}: array '{class_names}'") if class_names in found else None
    )
    keep = range(len(vectors)) if rows is None else _numbers(arrays.pick(found, rows, file), len(vectors), file, rows)
    items = [
        FeatureItem(
            names[i] if names is not None else f"{i:06d}",
            FeatureRow(vectors[i], regions[i] if regions is not None else None),
        )
        for i in keep
    ]
    return ImageSet(items, [gold[i] for i in keep], classes)


def _labels(array: NDArray[Any], n_items: int, where: str) -> list[Any]:
    """Return a label, or the list of an item's labels, for every item."""
    if array.ndim not in (1, 2) or len(array) != n_items:
        raise UserError(where, f"shape {array.shape}", f"({n_items},), or a 0/1 matrix ({n_items}, classes)")
    if array.dtype.kind not in "iub":
        raise UserError(where, f"values of type {array.dtype}", "whole numbers, 0-based")
    if array.ndim == 1:
        return [int(label) for label in array]
    if not np.isin(array, (0, 1)).all():
        raise UserError(where, "a matrix with other values than 0 and 1", "1 where an item belongs to a class")
    return [np.flatnonzero(row).tolist() for row in array]


def _numbers(array: NDArray[Any], n_items: int, file: Path, key: str) -> list[int]:
    """Return the row numbers of a split."""
    where = f"{shown(file)}: array '{key}'"
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size:
        raise UserError(where, f"{array.dtype} of shape {array.shape}", "row numbers of shape (rows,)")
    if array.min() < 0 or array.max() >= n_items:
        raise UserError(where, f"row numbers {array.min()} to {array.max()}", f"0 to {n_items - 1}")
    return [int(number) for number in array]
