"""The text side of an open_clip model; a causal tower runs no longer than its texts, any other over whole rows."""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import torch
from zsbench.models.image_text._text_side import TextSide
from zsbench.models.image_text._text_tower import CausalTower


class OpenClipText(TextSide):
    """Texts through an open_clip model and its tokenizer."""

    def __init__(self, model: Any, tokenizer: Any, device: str) -> None:
        self._model, self._tower = model, CausalTower.of(model)
        super().__init__(
            tokenizer,
            _word_embedding(model),
            context=int(tokenizer([""]).shape[1]),
            device=device,
            tunable=self._tower is not None,
        )

    def _pooled(self, ids: torch.Tensor) -> torch.Tensor:
        return self._tower.pooled(ids) if self._tower is not None else torch.full((len(ids),), self.context - 1)

    def _features(self, ids: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        if self._tower is None:
            return self._through(self._model.encode_text, ids)
        return self._tower.encode(ids, pooled, self._words)

    def _learned(self, embeddings: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        assert self._tower is not None
        return self._tower.encode_embeddings(embeddings, pooled)


def _word_embedding(model: Any) -> Any:
    """Return the table of word embeddings: an open_clip tower's own, or that of a transformers one."""
    tower = getattr(model, "text", model)
    table = getattr(tower, "token_embedding", None)
    return table if table is not None else tower.transformer.get_input_embeddings()
