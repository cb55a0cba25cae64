"""The text side of a transformers model of two towers, by its own `get_text_features`.

Texts are filled up as the checkpoint was trained: SigLIP's to the whole context and without a mask, the others' to
the longest of a batch, with a mask. SigLIP 2 was trained on lower-case texts; its tokenizer leaves them as they are.
"""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import torch
from zsbench.models import letter_case, positions
from zsbench.models.image_text import _prompts
from zsbench.models.image_text._text_side import TextSide

# The training length where neither config nor tokenizer says it (ALIGN's BERT could read 512 tokens).
_CONTEXT = {"align": 64}
_UNMASKED = ("siglip", "siglip2")
_READ_AT_END = ("clip", "metaclip_2")


class HfClipText(TextSide):
    """Texts through a transformers model and its tokenizer."""

    def __init__(self, model: Any, tokenizer: Any, device: str) -> None:
        self._model, self._kind = model, str(model.config.model_type)
        # Some tokenizer classes fill on the left by default; none of these models was trained that way.
        tokenizer.padding_side = "right"
        self.lower_case = letter_case.is_lower(self._kind, tokenizer)
        readable = positions.count(model.text_model, model.config.text_config)
        longest = [_CONTEXT.get(self._kind), readable, tokenizer.model_max_length]

        def tokenize(texts: list[str], context: int) -> torch.Tensor:
            how = {"padding": "max_length", "truncation": True, "max_length": context, "return_tensors": "pt"}
            texts = [text.lower() for text in texts] if self.lower_case else texts
            ids: torch.Tensor = tokenizer(texts, **how)["input_ids"]
            return ids

        super().__init__(
            tokenize,
            _word_embedding(model.text_model),
            context=int(min(length for length in longest if length)),
            device=device,
            tunable=self._kind in _READ_AT_END,
        )

    def _pooled(self, ids: torch.Tensor) -> torch.Tensor:
        if self._kind in _UNMASKED:
            return torch.full((len(ids),), self.context - 1)
        if self._kind in _READ_AT_END:
            return (ids == self._layout.end).int().argmax(dim=-1)
        return self._layout.lengths(ids) - 1

    def _features(self, ids: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        length = int(pooled.max()) + 1
        return self._through(lambda rows: self._own(rows, pooled), ids[:, :length])

    def _learned(self, embeddings: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        length = int(pooled.max()) + 1
        after = torch.arange(length, device=pooled.device) >= pooled[:, None]
        # The ids say nothing but where the text ends; the words come from the embeddings.
        ids = torch.where(after, self._layout.end, self._layout.word)
        with _prompts.embedded(self._embedding, embeddings[:, :length]):
            return self._own(ids, pooled)

    def _own(self, ids: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        """Return the model's own features (n_texts, width) of token rows."""
        inputs = {"input_ids": ids}
        if self._kind not in _UNMASKED:
            inputs["attention_mask"] = (torch.arange(ids.shape[1], device=ids.device) <= pooled[:, None]).long()
        return pooled_output(self._model.get_text_features(**inputs))


def pooled_output(output: Any) -> torch.Tensor:
    """Return the features of a forward pass: transformers 5 wraps them, 4 gives them bare."""
    features: torch.Tensor = getattr(output, "pooler_output", output)
    return features


def _word_embedding(tower: Any) -> Any:
    """Return the table of word embeddings; transformers 4 keeps bare towers that can't name it."""
    if hasattr(tower, "get_input_embeddings"):
        return tower.get_input_embeddings()
    embeddings = tower.embeddings
    return embeddings.token_embedding if hasattr(embeddings, "token_embedding") else embeddings.word_embeddings
