"""Feature vectors with labels in an .npz file: features, labels and, where centring needs it, base_mean."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.errors import UserError
from zsbench.lazy import lazy
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

EXPECTED = "an .npz with features (n, width), labels (n,) and perhaps base_mean (width,)"


@dataclass(frozen=True)
class LabelledFeatures:
    """Vectors of images of classes that the encoder may never have seen.

    Attributes
    ----------
    features : (n, width) float64.
    labels : (n,) whole numbers or texts; equal ones are one class.
    base_mean : (width,) mean feature of the encoder's training classes, or None.
    """

    features: NDArray[np.float64]
    labels: NDArray[Any]
    base_mean: NDArray[np.float64] | None


@source(gives="labelled-features", files=lambda options: [options["path"]])
def labelled_features(*, path: LocalPath) -> LabelledFeatures:
    """Read an .npz file, of any float precision.

    Raises
    ------
    UserError
        No such file, no .npz, an array is missing, of another shape, or holds NaN or infinity.
    """
    file = Path(path)
    if not file.is_file():
        raise UserError(shown(file), "no such file")
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (OSError, ValueError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise UserError(shown(file), f"cannot be read ({error})", EXPECTED) from None
    missing = [key for key in ("features", "labels") if key not in arrays]
    if missing:
        raise UserError(shown(file), f"no array '{missing[0]}' among {', '.join(arrays) or 'none'}", EXPECTED)
    features, labels = arrays["features"], arrays["labels"]
    if features.ndim != 2 or labels.shape != features.shape[:1] or labels.dtype.kind not in "iuU":
        found = f"features {features.shape} and labels {labels.shape} of type {labels.dtype}"
        raise UserError(shown(file), found, EXPECTED)
    mean = arrays.get("base_mean")
    if mean is not None and mean.shape != features.shape[1:]:
        raise UserError(shown(file), f"base_mean {mean.shape} for features {features.shape}", EXPECTED)
    return LabelledFeatures(
        _finite(features, "features", file), labels, None if mean is None else _finite(mean, "base_mean", file)
    )


def _finite(array: Any, name: str, file: Path) -> NDArray[np.float64]:
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise UserError(shown(file), f"'{name}' is not all finite numbers", EXPECTED)
    return np.asarray(array, dtype=np.float64)
