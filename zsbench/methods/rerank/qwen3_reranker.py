"""Qwen3 Reranker: rank passages by how probable "yes" is against "no" when asked whether they meet an instruction.

    score = log softmax(logit(yes), logit(no))[yes]        right after an empty thought

The document is cut so that the prompt, its end included, fits into `max_tokens`.

Source: Zhang et al. 2025, arXiv:2506.05176; QwenLM/Qwen3-Embedding, README.
"""

from __future__ import annotations

from typing import Annotated, Any

from zsbench.config.components import method
from zsbench.config.options import Blanks, Count
from zsbench.core.templates import fill
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank.monot5 import MonoPrompt, monot5
from zsbench.methods.shared.document_texts import Piece, Word
from zsbench.models.capabilities import LabelScorer, Tokenizer

_ASKED = ("instruction", "query", "document")


class Qwen3Prompt(MonoPrompt):
    """What the checkpoints were trained on: the whole turn as plain text, special tokens included."""

    text: Annotated[str, Blanks(*_ASKED, needed=("query", "document"))] = (
        "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
        'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
        "<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {document}<|im_end|>\n"
        "<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )
    instruction: Piece = "Given a web search query, retrieve relevant passages that answer the query"
    relevant: Word = "yes"
    irrelevant: Word = "no"

    def asked(self) -> MonoPrompt:
        """Return the prompt with the instruction in its place."""
        text = self.text.replace("{instruction}", self.instruction)
        return MonoPrompt(chat=self.chat, text=text, relevant=self.relevant, irrelevant=self.irrelevant)


@method(
    family="rerank",
    needs=(LabelScorer,),
    needs_with=lambda options: {Tokenizer: "`max_tokens: null`"} if options.max_tokens else {},
)
def qwen3_reranker(*, prompt: Qwen3Prompt = Qwen3Prompt(), max_tokens: Count | None = 8192) -> Ranker:
    """Rank by the probability of yes.

    Parameters
    ----------
    prompt : wording; its `instruction` says what a passage has to meet.
    max_tokens : documents are cut until the prompt has no more tokens, and counted; null leaves them whole.
    """
    return monot5(prompt=prompt.asked(), max_tokens=max_tokens)


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with stand-ins and the two answers, for `zsbench show`."""
    prompt = Qwen3Prompt.model_validate(options.get("prompt", {})).asked()
    asked = fill(prompt.text, query="<query>", document="<document>")
    return f"{asked}\n-> {fill(prompt.relevant)} | {fill(prompt.irrelevant)}"
