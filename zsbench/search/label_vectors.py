"""How similar labels are to each other, by the vectors that a text encoder gives them."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, FloatArray, np
from zsbench.metrics import familiarity
from zsbench.models.capabilities import TextEncoder

# Raised when the encoding step changes, so that no older vector is ever mixed in.
VERSION = "1"


def similarity(
    model: TextEncoder, evaluation: Sequence[str], training: Sequence[str], *, cache: Cache, name: str
) -> DoubleArray:
    """Return cosines from 0 to 1, (n_evaluation, n_training), of labels encoded as queries.

    Either side is encoded by itself, so that training labels are encoded once for all evaluation sets. An encoder whose
    vectors depend on the batch gets the sorted union of both, as the reference does.

    Parameters
    ----------
    cache : holds the vectors.
    name : the encoder's, for messages.

    Raises
    ------
    UserError
        A vector is NaN or infinite; with the label.
    """
    if getattr(model, "depends_on_batch", False):
        union = sorted({*evaluation, *training})
        row = {label: number for number, label in enumerate(union)}
        vectors = _vectors(model, union, cache, name)
        sides = [vectors[[row[label] for label in labels]] for labels in (evaluation, training)]
    else:
        sides = [_vectors(model, labels, cache, name) for labels in (evaluation, training)]
    return familiarity.similarity(*sides)


def _vectors(model: TextEncoder, labels: Sequence[str], cache: Cache, name: str) -> FloatArray:
    def encoded() -> FloatArray:
        vectors = np.asarray(model.encode_queries(labels), dtype=np.float32)
        finite = np.isfinite(vectors).all(axis=1)
        if not finite.all():
            label = labels[int(finite.argmin())]
            raise UserError(name, f"the vector of label '{label}' is NaN or infinite", "finite numbers")
        return vectors

    return cache.array(["label-vectors", VERSION, model.fingerprint, model.dtype, *labels], encoded)
