"""The text side of a two-tower model: tokens, what stands before the words, batches, and gradients for prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, NDArray, torch
from zsbench.core.records import Cost
from zsbench.models.image_text import _prompts
from zsbench.models.image_text._prompts import PrefixMode


class TextSide:
    """Encodes texts in batches of like length; a library's own tower is behind `_pooled`, `_features`, `_learned`.

    Parameters
    ----------
    tokenize : (texts, context) -> token rows (n_texts, context), filled on the right.
    embedding : the tower's table of word embeddings.
    context : positions in a row.
    device : where the tower is.
    tunable : whether a prompt can be learned: the text feature is read at the end-of-text mark, wherever it stands.
    """

    def __init__(
        self,
        tokenize: Callable[[list[str], int], torch.Tensor],
        embedding: Any,
        *,
        context: int,
        device: str,
        tunable: bool,
    ) -> None:
        self._tokenize, self._embedding, self._device, self._tunable = tokenize, embedding, device, tunable
        self.context = context
        self._layout = _prompts.Layout.of(lambda texts: tokenize(texts, context))
        self._prefix: _prompts.Prefix | None = None
        self._before = ""

    def put_before(self, text: str) -> None:
        """Put a text in front of every text."""
        self._before = text

    def put_prefix(self, file: str, mode: PrefixMode) -> FloatArray:
        """Put learned word embeddings in front of every text and return them, (n_vectors, width).

        Raises
        ------
        UserError
            The file is no prefix for this tower, or the tower reads a class token at the end of the row.
        """
        if self._layout.tail:
            raise UserError(file, "a prefix for a tower with a class token at the end of each row", "a tower without")
        room = self.context - self._layout.start - 2
        vectors = _prompts.read_prefix(file, mode, self._embedding.embedding_dim, room)
        self._prefix = _prompts.Prefix(torch.from_numpy(vectors), self._embedding)
        return vectors

    def encode(self, texts: Sequence[str], cost: Cost) -> FloatArray:
        """Return features (n_texts, width), not normalised, float32."""
        ids, pooled = self._rows(texts, cost)
        cost.tokens += int(self._layout.lengths(ids).sum())

        def encode(rows: NDArray[Any]) -> torch.Tensor:
            cost.forward_passes += 1
            with torch.inference_mode():
                return self._features(ids[rows].to(self._device), pooled[rows].to(self._device))

        return _prompts.in_batches(encode, ids, pooled + 1, _prompts.budget_for(self._device))

    def token_embeddings(self, texts: Sequence[str], cost: Cost) -> tuple[torch.Tensor, torch.Tensor]:
        """Return word embeddings (n_texts, context, width) and the pooled position of each text (n_texts,).

        Raises
        ------
        UserError
            The tower's feature is not read at the end-of-text mark, so that a prompt can't be learned.
        """
        if not self._tunable:
            found = f"a text tower ({type(self._embedding).__name__} of {self.context} positions) without such a mark"
            raise UserError("", found, "a CLIP whose text feature is read at the end-of-text mark")
        ids, pooled = self._rows(texts, cost)
        with torch.no_grad():
            return self._words(ids.to(self._device)), pooled.to(self._device)

    def encode_embeddings(self, embeddings: torch.Tensor, pooled: torch.Tensor, cost: Cost) -> torch.Tensor:
        """Return features (n_texts, width) of word embeddings, not normalised, float32, with gradients."""
        cost.forward_passes += 1
        return self._learned(embeddings, pooled).float()

    def _rows(self, texts: Sequence[str], cost: Cost) -> tuple[torch.Tensor, torch.Tensor]:
        """Return token rows (n_texts, context) and pooled positions (n_texts,); texts that lose words are counted."""
        full = [self._before + text for text in texts]
        ids = self._tokenize(full, self.context)
        cost.truncated_items += _prompts.truncated(
            ids, self._layout, lambda rows: self._tokenize([full[row] for row in rows], self.context + 1)
        )
        pooled = self._pooled(ids)
        if self._prefix is not None:
            ids, cut = self._prefix.insert(ids, self._layout)
            cost.truncated_items += cut
            pooled = (pooled + len(self._prefix.vectors)).clamp(max=self.context - 1)
        return ids, pooled

    def _words(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embeddings (..., width) of token ids, those of the prefix included."""
        embeddings: torch.Tensor = self._prefix.words(ids) if self._prefix is not None else self._embedding(ids)
        return embeddings

    def _through(self, forward: Callable[[torch.Tensor], torch.Tensor], ids: torch.Tensor) -> torch.Tensor:
        """Return a tower's own `forward` of token rows, which reads the prefix where its ids stand."""
        if self._prefix is None:
            return forward(ids)
        with _prompts.embedded(self._embedding, self._words(ids)):
            return forward(self._prefix.stand_ins(ids, self._layout))

    def _pooled(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the last position (n_texts,) that a text's feature depends on."""
        raise NotImplementedError

    def _features(self, ids: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        """Return features (n_texts, width) of token rows."""
        raise NotImplementedError

    def _learned(self, embeddings: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        """Return features (n_texts, width) of word embeddings, with gradients."""
        raise NotImplementedError
