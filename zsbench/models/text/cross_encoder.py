"""Cross-encoders through transformers: query and passage read together, one relevance score a pair.

Any sequence classifier with one label (a regression) or two (irrelevant, relevant).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from zsbench.config.components import model as declare
from zsbench.config.options import Count, ModelRef, Revision
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, torch
from zsbench.models import decoding, huggingface, passages, runtime
from zsbench.models.capabilities import PairScorer

Scores = Literal["logit", "probability"]


@declare(offers=(PairScorer,), files=runtime.folder_files)
def cross_encoder(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    trust_remote_code: bool = False,
    max_length: Count | None = None,
    query_tokens: Count | None = None,
    document_tokens: Count | None = None,
    scores: Scores = "logit",
) -> CrossEncoder:
    """Load a cross-encoder.

    Parameters
    ----------
    model : hub id or folder with config.json, safetensors weights and tokenizer files.
    revision : commit or tag on the hub.
    trust_remote_code : run the modelling code that comes with the weights.
    max_length : tokens of a pair, special tokens included; None is as many as the model reads.
    query_tokens, document_tokens : cut query or passage to this many tokens before they are paired.
    scores : `logit` (with two labels: their difference), or `probability` (sigmoid; with two labels softmax). Both
        give one order, but probabilities near 0 and 1 become ties in float32.
    """
    checkpoint = huggingface.load(
        "AutoModelForSequenceClassification",
        model,
        revision=revision,
        trust_remote_code=trust_remote_code,
        options=(f"{max_length} {query_tokens} {document_tokens} {scores}",),
    )
    n_labels = checkpoint.model.config.num_labels
    if n_labels not in (1, 2):
        raise UserError(
            model, f"a classifier of {n_labels} labels", "one label (a score) or two (irrelevant, relevant)"
        )
    return CrossEncoder(checkpoint, max_length, (query_tokens, document_tokens), scores)


class CrossEncoder(huggingface.Adapter):
    """A `PairScorer` over `AutoModelForSequenceClassification`."""

    def __init__(
        self,
        checkpoint: huggingface.Checkpoint,
        max_length: int | None,
        cuts: tuple[int | None, int | None],
        scores: Scores,
    ) -> None:
        super().__init__(checkpoint)
        self._cuts, self._probability = cuts, scores == "probability"
        self._config = self._model.config.get_text_config()
        self.max_tokens = passages.limit(
            self._tokenizer, self._model, self._config, max_length, option="max_length", pairs=True
        )

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> FloatArray:
        """Return (n_pairs,) scores of (query, document), higher is more relevant."""
        self.cost.asked("\n".join(part for pair in pairs[:1] for part in pair))
        queries, documents = (
            passages.first_tokens(self._tokenizer, [pair[i] for pair in pairs], self._cuts[i]) for i in (0, 1)
        )
        rows, pair_cut = passages.tokens(self._tokenizer, list(zip(queries, documents, strict=True)), self.max_tokens)
        # A query that is cut for all its documents is one text that lost tokens.
        self.cost.truncated_items += len(
            {pair[0] for pair, query in zip(pairs, queries, strict=True) if query != pair[0]}
        )
        document_cut = [document != pair[1] for pair, document in zip(pairs, documents, strict=True)]
        self.cost.truncated_items += sum(a or b for a, b in zip(document_cut, pair_cut, strict=True))
        return passages.run(self._score, self._tokenizer, rows, self.device, self.cost, config=self._config)

    def _score(self, batch: Any) -> FloatArray:
        """Return the scores (n,) of a padded batch."""
        with torch.inference_mode():
            logits = self._model(**batch).logits.float()
        # With two labels the log-odds of the second; its sigmoid is the softmax's second column.
        margin = logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
        return decoding.finite(margin.double().sigmoid().float() if self._probability else margin)
