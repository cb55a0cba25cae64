"""Text encoders through transformers, sentence-transformers folders included: mean, first or last token, or the pooler.

Pooling, normalisation, length and prefixes are read from the checkpoint (modules.json and the files it names);
options stand above them, and a checkpoint that names none needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import model as declare
from zsbench.config.options import AnyText, Count, ModelRef, Revision
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, torch
from zsbench.models import decoding, huggingface, passages, runtime
from zsbench.models.capabilities import TextEncoder
from zsbench.models.text import _sentence_folder
from zsbench.models.text._sentence_folder import Layout, Pooling

PADDED_BATCH = 32
"""Texts that `mean_with_padding` pads to one length."""


@declare(offers=(TextEncoder,), files=runtime.folder_files)
def bi_encoder(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    trust_remote_code: bool = False,
    pooling: Pooling | None = None,
    normalise: bool | None = None,
    query_prefix: AnyText | None = None,
    document_prefix: AnyText | None = None,
    max_length: Count | None = None,
) -> BiEncoder:
    """Load a text encoder.

    Parameters
    ----------
    model : hub id or folder with config.json, weights and tokenizer files.
    revision : commit or tag on the hub.
    trust_remote_code : run the modelling code that comes with the weights.
    pooling : mean over the tokens, the first token (cls), the last, or what the checkpoint's own layer makes of the
        first (pooler, as the SimCSE checkpoints are used); None is the checkpoint's own. `mean_with_padding` is the
        reference of papers that average padded positions too: texts go in batches of 32 in the order given, and a
        vector depends on the others of its batch.
    normalise : vectors of length 1, so that dot products are cosines; None is the checkpoint's own.
    query_prefix, document_prefix : text before every query or document; None is the checkpoint's own.
    max_length : tokens of a text, special tokens included; None is the checkpoint's own.

    Raises
    ------
    UserError
        As `huggingface.load`, nothing names a pooling, or the checkpoint has no layer that pools.
    """
    given: dict[str, Any] = {"pooling": pooling, "normalise": normalise, "max_length": max_length}
    given |= {"query_prefix": query_prefix, "document_prefix": document_prefix}
    layout = _sentence_folder.read(model, revision).overlaid(given)
    checkpoint = huggingface.load(
        "AutoModel",
        model,
        revision=revision,
        trust_remote_code=trust_remote_code,
        options=(repr(layout),),
        unused=() if layout.pooling == "pooler" else ("pooler.",),
    )
    if layout.pooling == "pooler" and getattr(checkpoint.model, "pooler", None) is None:
        raise UserError(model, "no layer that pools", "`pooling:` mean, cls or last")
    return BiEncoder(checkpoint, layout)


class BiEncoder(huggingface.Adapter):
    """A `TextEncoder` over `AutoModel`.

    Attributes
    ----------
    depends_on_batch : whether the vector of a text depends on the texts that stand around it.
    """

    def __init__(self, checkpoint: huggingface.Checkpoint, layout: Layout) -> None:
        super().__init__(checkpoint)
        self._layout = layout
        self.depends_on_batch = layout.pooling == "mean_with_padding"
        self._config = self._model.config.get_text_config()
        self.max_tokens = passages.limit(
            self._tokenizer, self._model, self._config, layout.max_length, option="max_length"
        )

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Encode queries to (n_texts, width), normalised if the model compares by cosine."""
        prefixed = [self._layout.query_prefix + text for text in texts]
        self.cost.asked("".join(prefixed[:1]))
        return self._encode(prefixed)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Encode documents to (n_texts, width), normalised if the model compares by cosine."""
        return self._encode([self._layout.document_prefix + text for text in texts])

    def _encode(self, texts: list[str]) -> FloatArray:
        texts = [text.lower() for text in texts] if self._layout.lower else texts
        rows = passages.encode(self._tokenizer, texts, self.max_tokens, self.cost)
        size = PADDED_BATCH if self.depends_on_batch else None
        return passages.run(
            self._pooled, self._tokenizer, rows, self.device, self.cost, config=self._config, in_order=size
        )

    def _pooled(self, batch: Any) -> FloatArray:
        """Return the vectors (n, width) of a padded batch, whose padding counts in `mean_with_padding` alone."""
        with torch.inference_mode():
            output = self._model(**batch)
        states = output.last_hidden_state.float()
        mask = batch["attention_mask"][:, :, None].float()
        if self._layout.pooling == "pooler":
            vectors = output.pooler_output.float()
        elif self._layout.pooling == "mean":
            vectors = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        elif self._layout.pooling == "mean_with_padding":
            vectors = states.mean(dim=1)
        elif self._layout.pooling == "cls":
            vectors = states[:, 0]
        else:
            rows = torch.arange(len(states), device=states.device)
            vectors = states[rows, batch["attention_mask"].sum(dim=1) - 1]
        return decoding.finite(torch.nn.functional.normalize(vectors, dim=1) if self._layout.normalise else vectors)
