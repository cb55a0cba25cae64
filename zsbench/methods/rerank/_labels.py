"""Which of a few labelled passages a model names: by the logits of the labels, or by what it writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from zsbench.config.options import Blanks
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.templates import fill
from zsbench.methods.rerank._parse import CHOICES, Choices
from zsbench.methods.shared.document_texts import Piece, Wording, put
from zsbench.models.capabilities import LabelScorer, Prompt

Scoring = Literal["likelihood", "generation"]
# X, Y and Z are left out as in the public code: after "Passage" they are no single token to T5.
LABELS = "ABCDEFGHIJKLMNOPQRSTUVW"


class LabelPrompt(Wording):
    """How the answer opens and how a label stands in it.

    `answer`: null is " Passage:" in a conversation and " Passage" otherwise, as published.
    """

    answer: Piece | None = None
    label: Annotated[str, Blanks("label", needed=("label",))] = " {label}"

    def prompts(self, model: Any, contents: Sequence[str]) -> list[Prompt]:
        """Return the prompts, each ready for a label."""
        chat = self.talks(model)
        opening = (" Passage:" if chat else " Passage") if self.answer is None else self.answer
        return [put(content, chat=chat, answer=opening) for content in contents]


def probabilities(scoring: str) -> dict[type, str]:
    """Return what a way to read answers asks of a model."""
    return {} if scoring == "generation" else {LabelScorer: "`scoring: generation`"}


def require_probabilities(model: Any) -> None:
    """Refuse a model that only writes.

    Raises
    ------
    UserError
        The model is no `LabelScorer`.
    """
    if not hasattr(model, "label_logits"):
        raise UserError("", f"{type(model).__name__} gives no probabilities of answers", "`scoring: generation`")


def label_logits(model: Any, contents: Sequence[str], n: int, prompt: LabelPrompt) -> DoubleArray:
    """Return (n_prompts, n) logits of the first n labels, each right after its prompt.

    Raises
    ------
    UserError
        The model gives no probabilities.
    RunError
        A logit is NaN or infinite.
    """
    require_probabilities(model)
    labels = [fill(prompt.label, label=letter) for letter in LABELS[:n]]
    logits = np.asarray(model.label_logits(prompt.prompts(model, contents), labels), dtype=np.float64)
    if not np.isfinite(logits).all():
        raise RunError("", "label logits are NaN or infinite", "another dtype (float32 or bfloat16)")
    return logits


def chosen(
    model: Any,
    contents: Sequence[str],
    n: int,
    prompt: LabelPrompt,
    *,
    scoring: Scoring,
    max_new_tokens: int,
    parser: Choices,
) -> list[int | None]:
    """Return for each prompt which of the first n labels the model names; None, counted, where it names none."""
    if scoring == "likelihood":
        return [int(best) for best in label_logits(model, contents, n, prompt).argmax(axis=1)]
    texts = model.generate(prompt.prompts(model, contents), max_new_tokens=max_new_tokens)
    choices = [CHOICES[parser](text, LABELS[:n]) for text in texts]
    model.cost.answers += len(texts)
    model.cost.malformed_outputs += choices.count(None)
    model.cost.answers_unreadable += choices.count(None)
    return choices
