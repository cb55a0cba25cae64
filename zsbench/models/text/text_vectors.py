"""Text vectors from a file instead of a network: for encoders that transformers does not run.

texts (n,), text_features (n, width)        .npz, .safetensors or .parquet, looked up by the text itself
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zsbench.config.components import model as declare
from zsbench.config.options import LocalPath
from zsbench.core import arrays
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.records import Cost
from zsbench.core.words import number_of
from zsbench.core.yamlio import shown
from zsbench.models import runtime
from zsbench.models.capabilities import TextEncoder


@declare(offers=(TextEncoder,))
def text_vectors(*, queries: LocalPath, documents: LocalPath | None = None) -> TextVectors:
    """Take vectors from files.

    Parameters
    ----------
    queries : vectors of every query of the task.
    documents : vectors of documents, where a method asks for them; may be the same file.

    Raises
    ------
    UserError
        A file lacks an array, or holds a text twice with different vectors or a vector of zeros.
    """
    return TextVectors(Path(queries), Path(documents) if documents else None)


class TextVectors:
    """A `TextEncoder` that computes nothing."""

    device, dtype = "cpu", "float32"

    def __init__(self, queries: Path, documents: Path | None) -> None:
        self.cost = Cost()
        self._queries, self._documents = queries, documents
        self._tables = {path: _table(path) for path in (queries, documents) if path is not None}
        roles = [f"{role}:{path is not None}" for role, path in (("queries", queries), ("documents", documents))]
        self.fingerprint = runtime.fingerprint(["text-vectors", "1", *roles], [str(path) for path in self._tables])

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of queries, (n_texts, width)."""
        return self._looked_up(texts, self._queries)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of documents, (n_texts, width).

        Raises
        ------
        UserError
            There is no file of them.
        """
        if self._documents is None:
            raise UserError(shown(self._queries), "vectors of queries only", "`documents:` in the model's YAML")
        return self._looked_up(texts, self._documents)

    def _looked_up(self, texts: Sequence[str], path: Path) -> FloatArray:
        table = self._tables[path]
        missing = [text for text in texts if text not in table]
        if missing:
            problem = f"no vector for {len(missing)} of {len(texts)} texts (first: '{missing[0]}')"
            raise UserError(shown(path), problem, "every text of the task, as it stands there")
        return np.stack([table[text] for text in texts])


def _table(path: Path) -> dict[str, FloatArray]:
    """Return the vector of each text of a file."""
    stored = arrays.read(path)
    vectors = arrays.rows(stored, "text_features", path)
    where = f"{shown(path)}: array 'texts'"
    texts = arrays.texts(arrays.pick(stored, "texts", path), where)
    if len(texts) != len(vectors):
        raise UserError(where, number_of(len(texts), "text"), f"{len(vectors)}, one a row of `text_features`")
    if len(zero := np.flatnonzero(~vectors.any(axis=1))):
        raise UserError(where, f"the vector of text '{texts[zero[0]]}' is zero", "one that is similar to something")
    table: dict[str, FloatArray] = {}
    for text, vector in zip(texts, vectors, strict=True):
        if not np.array_equal(table.setdefault(text, vector), vector):
            raise UserError(where, f"text '{text}' stands twice, with different vectors", "one vector a text")
    return table
