"""Vectors of texts of one model, each encoded once and kept in the cache: what a rule asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.context import RunContext
from zsbench.core.lazy import FloatArray, np
from zsbench.methods.text_classification import TextItem

# Raised when the encoding step changes, so that no older vector is ever mixed in.
VERSION = "1"


class Vectors:
    """A `methods.text_classification.Texts` over a model, a run's cache and its notes.

    Parameters
    ----------
    model : the adapter, or None for rules that need none.
    items : all test texts, in order.
    """

    def __init__(self, model: Any, run: RunContext, items: Sequence[TextItem]) -> None:
        self.model, self.items, self._run = model, items, run

    def documents(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of texts (n_texts, width), encoded as documents."""
        return self._encoded("documents", self.model.encode_documents, texts)

    def words(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of class names or keywords (n_texts, width), encoded as queries."""
        return self._encoded("queries", self.model.encode_queries, texts)

    def asked(self, texts: Sequence[str]) -> None:
        """Record the texts that stand for the classes."""
        self._run.prompts |= dict.fromkeys(texts)

    def note(self, key: str, value: Any) -> None:
        """Record a choice made on the way in the result."""
        self._run.notes[key] = value

    def warn(self, text: str) -> None:
        """Record a doubt that stands beside the result in every table."""
        self._run.warn(text)

    def count(self, name: str, n: int = 1) -> None:
        """Count something about test texts that is shown with the result."""
        self._run.count(name, n)

    def _encoded(self, role: str, encode: Callable[[Sequence[str]], FloatArray], texts: Sequence[str]) -> FloatArray:
        distinct = list(dict.fromkeys(texts))
        key = ["text-vectors", VERSION, role, self.model.fingerprint, self.model.dtype]
        if getattr(self.model, "depends_on_batch", False):
            rows = encode(distinct)  # a vector of one call says nothing of another
        else:
            rows, _ = self._run.cache.rows(key, distinct, lambda missing: encode([distinct[i] for i in missing]))
        place = {text: number for number, text in enumerate(distinct)}
        return np.asarray(rows[[place[text] for text in texts]], dtype=np.float32)
