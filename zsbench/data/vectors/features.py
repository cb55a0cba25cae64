"""Feature vectors of images, shapes or videos in a file (.npz, safetensors, parquet), with labels.

features        (n_items, width)             one vector an item
labels          (n_items,)                   0-based or class names, or a 0/1 matrix (n_items, n_classes)
class_names     (n_classes,)                 optional, in label order
ids             (n_items,)                   optional; else the row's number
query_features  (n_items, n_regions, width)  optional vectors of regions
clusters        (n_items,)                   optional names of what items come from
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import arrays
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, NDArray, np
from zsbench.core.words import number_of
from zsbench.data import clusters
from zsbench.data.images.items import ImageSet
from zsbench.data.label_arrays import array_labels, optional, optional_texts, place
from zsbench.data.label_columns import UnlabelledImages


@dataclass(frozen=True)
class FeatureRow:
    """What stands for a decoded image: its vector (width,) and, where the file has them, its regions' vectors.

    `columns` are the classes that the numbers of the vector are of, should it hold scores: the file's `class_names`,
    none where its labels are names that say nothing of columns, None where labels are numbers.
    """

    vector: FloatArray
    regions: FloatArray | None
    columns: Sequence[str] | None = None


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


@source(gives="images")
@companions(different=("features", "labels", "class_names", "ids", "query_features", "cluster", "rows"))
def features(
    *,
    path: LocalPath,
    features: Text = "features",
    labels: Text = "labels",
    class_names: Text | None = None,
    ids: Text | None = None,
    query_features: Text | None = None,
    cluster: Text | None = None,
    rows: Text | None = None,
    unlabelled: UnlabelledImages = "error",
) -> ImageSet:
    """Read a feature file; the model that goes with it is the adapter `features`.

    Parameters
    ----------
    path : .npz, .safetensors or .parquet.
    features, labels : names of the arrays.
    class_names, ids, query_features : names of further arrays; by default those of these names, where there are such.
    cluster : name of an array with what each item comes from (a video, a patient), by default `clusters` where there is
        one.
    rows : name of an array of row numbers, for a file that holds several splits; None takes every row.
    unlabelled : what a row without label (-1, NaN) is: an error, dropped and counted, or kept for `unlabeled:`.

    Raises
    ------
    UserError
        A missing array, arrays of different lengths, a row with NaN, a label that is neither number nor name.
    """
    file = Path(path)
    held = arrays.read(file)
    vectors = arrays.rows(held, features, file)
    regions = _regions(held, query_features, vectors, file)
    classes, names = optional_texts(held, file, class_names), optional_texts(held, file, ids, default="ids")
    if names is not None and len(names) != len(vectors):
        raise UserError(place(file, ids or "ids"), number_of(len(names), "row"), f"{len(vectors)}, one an item")
    numbers = None if rows is None else _row_numbers(arrays.pick(held, rows, file), len(vectors), place(file, rows))
    cells, where = arrays.pick(held, labels, file), place(file, labels)
    column = array_labels(cells, len(vectors), where, rows=numbers, unlabelled=unlabelled, names=classes)
    columns = classes if classes is not None or column.names is None else []
    items = [
        FeatureItem(
            names[i] if names is not None else f"{i:06d}",
            FeatureRow(vectors[i], regions[i] if regions is not None else None, columns),
        )
        for i in column.kept
    ]
    return ImageSet(
        items,
        column.labels,
        classes or column.names,
        width=column.width,
        counts=column.counts,
        clusters=clusters.taken(clusters.of_array(held, cluster, len(vectors), file), column.kept, len(vectors)),
    )


def _regions(held: dict[str, NDArray[Any]], key: str | None, vectors: FloatArray, path: Path) -> FloatArray | None:
    """Return the vectors of regions (n_items, n_regions, width), or None where the file has none."""
    array = optional(held, key, "query_features", path)
    if array is None:
        return None
    key = key or "query_features"
    regions = arrays.rows({key: array}, key, path, ndim=3)
    if regions.shape[::2] != vectors.shape:
        raise UserError(place(path, key), f"shape {regions.shape}", f"({len(vectors)}, regions, {vectors.shape[1]})")
    return regions


def _row_numbers(array: NDArray[Any], n_items: int, where: str) -> list[int]:
    """Return the row numbers of a split."""
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size:
        raise UserError(where, f"{array.dtype} of shape {array.shape}", "row numbers of shape (rows,)")
    if array.min() < 0 or array.max() >= n_items:
        raise UserError(where, f"row numbers {array.min()} to {array.max()}", f"0 to {n_items - 1}")
    numbers: list[int] = array.tolist()
    return numbers
