"""Cross-encoders through transformers: two texts read together, one relevance score a pair or a logit for each label.

Any sequence classifier. A score of relevance comes from one label (a regression), from two (irrelevant, relevant), or
from the label that `relevant:` names; a classifier of entailment has its labels asked by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from zsbench.config.components import model as declare
from zsbench.config.options import Count, ModelRef, Revision, Text
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import FloatArray, torch
from zsbench.models import decoding, huggingface, passages, runtime
from zsbench.models.capabilities import PairClassifier, PairScorer

Scores = Literal["logit", "probability"]


@declare(offers=(PairScorer, PairClassifier), files=runtime.folder_files)
def cross_encoder(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    trust_remote_code: bool = False,
    max_length: Count | None = None,
    query_tokens: Count | None = None,
    document_tokens: Count | None = None,
    scores: Scores = "logit",
    relevant: Text | None = None,
) -> CrossEncoder:
    """Load a cross-encoder.

    Parameters
    ----------
    model : hub id or folder with config.json, weights and tokenizer files.
    revision : commit or tag on the hub.
    trust_remote_code : run the modelling code that comes with the weights.
    max_length : tokens of a pair, special tokens included; None is as many as the model reads.
    query_tokens, document_tokens : cut query or passage to this many tokens before they are paired.
    scores : `logit` (with several labels: the log-odds of the relevant one), or `probability` (sigmoid; with several
        labels softmax). Both give one order, but probabilities near 0 and 1 become ties in float32.
    relevant : the label that says that a passage is relevant, where there are several; of two it is the second.

    Raises
    ------
    UserError
        As `huggingface.load`, or no label has the name that `relevant` gives.
    """
    checkpoint = huggingface.load(
        "AutoModelForSequenceClassification",
        model,
        revision=revision,
        trust_remote_code=trust_remote_code,
        options=(f"{max_length} {query_tokens} {document_tokens} {scores} {relevant}",),
    )
    network = CrossEncoder(checkpoint, max_length, (query_tokens, document_tokens), scores, model)
    if relevant is not None:
        network.take_for_relevant(relevant)
    return network


class CrossEncoder(huggingface.Adapter):
    """A `PairScorer` and `PairClassifier` over `AutoModelForSequenceClassification`."""

    def __init__(
        self,
        checkpoint: huggingface.Checkpoint,
        max_length: int | None,
        cuts: tuple[int | None, int | None],
        scores: Scores,
        reference: str,
    ) -> None:
        super().__init__(checkpoint)
        self._cuts, self._probability, self.reference = cuts, scores == "probability", reference
        self._config = self._model.config.get_text_config()
        self.max_tokens = passages.limit(
            self._tokenizer, self._model, self._config, max_length, option="max_length", pairs=True
        )
        names: dict[int, str] = self._model.config.id2label
        self.labels = tuple(str(names[number]) for number in range(self._model.config.num_labels))
        self._relevant = {1: 0, 2: 1}.get(len(self.labels))

    def take_for_relevant(self, label: str) -> None:
        """Take the label of this name for the one that says that a passage is relevant.

        Raises
        ------
        UserError
            The checkpoint has no such label.
        """
        if label not in self.labels:
            near = did_you_mean(label, self.labels)
            raise UserError("", f"relevant: '{label}' of {self.reference}", ", ".join(self.labels), near)
        self._relevant = self.labels.index(label)

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> FloatArray:
        """Return (n_pairs,) scores of (query, document), higher is more relevant.

        Raises
        ------
        UserError
            There are more than two labels, and nothing says which of them is the relevant one.
        """
        if self._relevant is None:
            found = f"a classifier of {len(self.labels)} labels ({', '.join(self.labels)})"
            expected = "one label (a score), two (irrelevant, relevant), or `relevant:` in the model's YAML"
            raise UserError(self.reference, found, expected)
        return self._read(pairs, self._score)

    def classify_pairs(self, pairs: Sequence[tuple[str, str]]) -> FloatArray:
        """Return the logits (n_pairs, n_labels) of pairs of texts."""
        return self._read(pairs, self._logits, each_text_once=True)

    def _read(
        self, pairs: Sequence[tuple[str, str]], network: Callable[[Any], FloatArray], *, each_text_once: bool = False
    ) -> FloatArray:
        """Return what `network` makes of padded batches of pairs; those that lose tokens are counted.

        `each_text_once` counts a first text that is cut beside all its second ones, such as hypotheses, as one.
        """
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
        lost = [a or b for a, b in zip(document_cut, pair_cut, strict=True)]
        cut = [pair[0] for pair, lost_one in zip(pairs, lost, strict=True) if lost_one]
        self.cost.truncated_items += len(set(cut) if each_text_once else cut)
        return passages.run(network, self._tokenizer, rows, self.device, self.cost, config=self._config)

    def _score(self, batch: Any) -> FloatArray:
        """Return the scores (n,) of a padded batch."""
        logits, relevant = self._forward(batch), self._relevant
        if logits.shape[1] == 1:
            margin = logits[:, 0]
        else:
            # The log-odds of the relevant label; their sigmoid is its share of the softmax.
            others = [label for label in range(logits.shape[1]) if label != relevant]
            margin = logits[:, relevant] - torch.logsumexp(logits[:, others], dim=1)
        return decoding.finite(margin.double().sigmoid().float() if self._probability else margin)

    def _logits(self, batch: Any) -> FloatArray:
        return decoding.finite(self._forward(batch))

    def _forward(self, batch: Any) -> Any:
        """Return the logits (n, n_labels) of a padded batch."""
        with torch.inference_mode():
            return self._model(**batch).logits.float()
