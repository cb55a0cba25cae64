"""Feature vectors with labels in a file, to draw episodes from: features, labels and, for centring, base_mean.

features   (n, width)  one vector an image
labels     (n,)        whole numbers or texts; equal ones are one class
base_mean  (width,)    mean feature of the encoder's training classes; only CL2N needs it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath
from zsbench.core import arrays
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, NDArray, np
from zsbench.data.label_arrays import place, single_labels
from zsbench.data.label_columns import Unlabelled


@dataclass(frozen=True)
class LabelledFeatures:
    """Vectors of images of classes that the encoder may never have seen: the arrays of the file, float64."""

    features: DoubleArray
    labels: NDArray[Any]
    base_mean: DoubleArray | None
    counts: dict[str, int] = field(default_factory=dict)


@source(gives="labelled-features")
def labelled_features(*, path: LocalPath, unlabelled: Unlabelled = "error") -> LabelledFeatures:
    """Read a file of arrays, of any float precision.

    Parameters
    ----------
    path : .npz, .safetensors or .parquet.
    unlabelled : what a row without label (-1, NaN, an empty text) is: an error, or dropped and counted.

    Raises
    ------
    UserError
        No such file, an array is missing, of another shape, or holds NaN or infinity.
    """
    file = Path(path)
    held = arrays.read(file)
    features = arrays.rows(held, "features", file).astype(np.float64)
    column = single_labels(held, len(features), file, unlabelled=unlabelled)
    classes = np.array(column.labels if column.names is None else [column.names[label] for label in column.labels])
    mean = None
    if "base_mean" in held:
        mean = arrays.rows({"base_mean": held["base_mean"][None]}, "base_mean", file)[0].astype(np.float64)
        if mean.shape != features.shape[1:]:
            raise UserError(place(file, "base_mean"), f"shape {mean.shape}", f"shape {features.shape[1:]}")
    features = features[column.kept] if column.counts else features
    return LabelledFeatures(features, classes, mean, column.counts)
