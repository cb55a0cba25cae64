"""Images retrieved from pretraining data for each class, as features in a file: which of them a class is taught by.

images    (n, width)  image features, of any length
captions  (n, width)  features of the captions they were found by
labels    (n,)        names of classes as the task has them, or their numbers in the task's order

Both features come from the model that is evaluated. Source: Parashar et al. 2024, arXiv:2401.12425, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.core import arrays
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.core.words import number_of
from zsbench.core.yamlio import shown
from zsbench.data.label_arrays import place, single_labels
from zsbench.methods.classification import normalise


@dataclass(frozen=True)
class Retrieved:
    """Image and caption features of length 1 (n, width), and the number of the class each was found for (n,)."""

    images: FloatArray
    captions: FloatArray
    labels: IntArray


def read_retrieved(path: str, class_names: list[str], width: int) -> Retrieved:
    """Read a file of retrieved images.

    Raises
    ------
    UserError
        No such file, an array is missing, of another shape or not finite, a vector of zeros, a label that is no class.
    """
    file = Path(path)
    held = arrays.read(file)
    images, captions = (_unit(held, key, file, width) for key in ("images", "captions"))
    if len(images) != len(captions):
        raise UserError(place(file, "captions"), number_of(len(captions), "row"), f"{len(images)}, one for each image")
    column = single_labels(held, len(images), file)
    labels = np.asarray(column.labels, dtype=np.int64)
    if column.names is not None:
        labels = _numbers(column.names, class_names, file)[labels]
    elif labels.max() >= len(class_names):
        expected = f"numbers from 0 to {len(class_names) - 1}, or names of classes"
        raise UserError(place(file, "labels"), f"class {labels.max()}", expected)
    return Retrieved(images, captions, labels)


def _unit(held: dict[str, Any], key: str, file: Path, width: int) -> FloatArray:
    rows = arrays.rows(held, key, file)
    if rows.shape[1] != width:
        hint = "were they made with this model?"
        raise UserError(place(file, key), f"vectors of width {rows.shape[1]}", f"{width}, as the model's", hint)
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(rows, axis=1)
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if len(bad):
        where = f"{place(file, key)}, row {bad[0]}"
        raise UserError(where, f"a vector of length {lengths[bad[0]]}", "a feature")
    return normalise(rows)


def _numbers(names: list[str], class_names: list[str], file: Path) -> IntArray:
    """Return the number of the class of each name (n_names,)."""
    strange = [name for name in names if name not in class_names]
    if strange:
        found = f"'{strange[0]}' is no class of the task" + (f", nor {len(strange) - 1} more" if strange[1:] else "")
        raise UserError(place(file, "labels"), found, "the task's names", did_you_mean(strange[0], class_names))
    twice = next((name for name in names if class_names.count(name) > 1), None)
    if twice is not None:
        found = f"'{twice}' is the name of {class_names.count(twice)} classes"
        raise UserError(place(file, "labels"), found, "numbers of classes in the task's order")
    return np.array([class_names.index(name) for name in names], dtype=np.int64)


def balanced(similarity: Any, num_samples: int) -> IntArray:
    """Return the numbers of the most similar captions of one class, best first, equal ones as they came.

    At most `num_samples`, and none with a negative similarity, however few that leaves.

    Parameters
    ----------
    similarity : (n,) cosine of each caption with the class's prompts.

    Examples
    --------
    >>> balanced(np.array([0.1, -0.2, 0.3, 0.1]), 3).tolist()
    [2, 0, 3]
    """
    order = np.argsort(-np.asarray(similarity), kind="stable")
    return order[np.asarray(similarity)[order] >= 0][:num_samples]


def sampled(retrieved: Retrieved, prompts: FloatArray, num_samples: int, where: str) -> tuple[FloatArray, IntArray]:
    """Return features (n, width) and labels (n,) of the images that teach each class, class by class.

    Parameters
    ----------
    prompts : (n_classes, width) what captions of a class are compared with.
    where : the file, for messages.

    Raises
    ------
    UserError
        No caption has anything to do with its class.
    """
    chosen = []
    for label in np.unique(retrieved.labels):
        rows = np.flatnonzero(retrieved.labels == label)
        chosen.append(rows[balanced(retrieved.captions[rows] @ prompts[label], num_samples)])
    rows = np.concatenate(chosen)
    if not len(rows):
        raise UserError(
            shown(Path(where)), "no caption with a cosine of 0 or more with its class", "captions of classes"
        )
    return retrieved.images[rows], retrieved.labels[rows]
