"""How similar labels are to each other, by the vectors that a text encoder gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, FloatArray, np
from zsbench.core.words import number_of
from zsbench.metrics import familiarity
from zsbench.models.capabilities import TextEncoder

# Raised when the encoding step changes, so that no older vector is ever mixed in.
VERSION = "1"
_NAMED = 5
"""So many labels a message names."""


@dataclass(frozen=True)
class Side:
    """What is odd about the labels of one side.

    Attributes
    ----------
    n : labels, in all.
    unknown : those of which the embedder knows no word, as far as it tells (`knows`): all of them have one vector.
    zero : those whose vector is zero, which has no direction: they are near nothing, not even themselves.
    """

    n: int
    unknown: tuple[str, ...]
    zero: tuple[str, ...]

    def doubts(self) -> list[str]:
        """Return what to say of it, in words."""
        told = (
            (self.unknown, "without a word that the embedder knows, each as the mean of all words"),
            (self.zero, "with a zero vector, which is near nothing"),
        )
        return [f"{len(odd)} of {number_of(self.n, 'label')} {what}: {_listed(odd)}" for odd, what in told if odd]


@dataclass(frozen=True)
class Compared:
    """Cosines from 0 to 1, (n_evaluation, n_training), and what is odd about the labels of both sides."""

    similarities: DoubleArray
    evaluation: Side
    training: Side

    def require_known(self, evaluation: str, training: str, embedder: str) -> None:
        """Refuse sides, given by name, of whose labels the embedder knows nothing: any value would be without meaning.

        Raises
        ------
        UserError
            It knows no word of any label, or has a zero vector for all.
        """
        for name, side in ((evaluation, self.evaluation), (training, self.training)):
            if len({*side.unknown, *side.zero}) == side.n:
                found = f"no label of '{name}' has a known word or a vector ({_listed((*side.unknown, *side.zero))})"
                raise UserError(embedder, found, "an embedder that knows words of these labels")


def doubts(pairs: Mapping[tuple[str, str], Compared]) -> list[str]:
    """Return what is odd about pairs of (training, evaluation), by name, each sentence once."""
    sides = [
        (name, side) for names, c in pairs.items() for name, side in zip(names, (c.training, c.evaluation), strict=True)
    ]
    return list(dict.fromkeys(f"{name}: {doubt}" for name, side in sides for doubt in side.doubts()))


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels[:_NAMED]) + (", ..." if len(labels) > _NAMED else "")


def compared(
    model: TextEncoder, evaluation: Sequence[str], training: Sequence[str], *, cache: Cache, name: str
) -> Compared:
    """Return how similar labels are that are encoded as queries, and what is odd about them.

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
    odd = [_side(model, *side) for side in zip((evaluation, training), sides, strict=True)]
    return Compared(familiarity.similarity(*sides), *odd)


def _side(model: TextEncoder, labels: Sequence[str], vectors: FloatArray) -> Side:
    knows = getattr(model, "knows", None)
    unknown = [] if knows is None else [label for label in labels if not knows(label)]
    zero = [labels[row] for row in np.flatnonzero(~vectors.any(axis=1)).tolist()]
    return Side(len(labels), tuple(unknown), tuple(zero))


def _vectors(model: TextEncoder, labels: Sequence[str], cache: Cache, name: str) -> FloatArray:
    def encoded() -> FloatArray:
        vectors = np.asarray(model.encode_queries(labels), dtype=np.float32)
        finite = np.isfinite(vectors).all(axis=1)
        if not finite.all():
            label = labels[int(finite.argmin())]
            raise UserError(name, f"the vector of label '{label}' is NaN or infinite", "finite numbers")
        return vectors

    return cache.array(["label-vectors", VERSION, model.fingerprint, model.dtype, *labels], encoded)
