"""FIRST: listwise re-ranking by the logits of the first identifier token, one forward pass a window.

The prompt lists the window's passages as [A], [B], ... and ends by opening the answer; the passages are ordered by
the next-token logits of their letters, ties in input order. Windows run from the tail to the head.

    llm-reranker   the authors' wording, which First_Model and castorini/first_mistral were trained on
    rankllm        RankLLM's present template, with which its table of results was made in 2025

Source: Reddy et al. 2024 (EMNLP), arXiv:2406.15657, section 3; gangiswag/llm-reranker, rank_listwise_os_llm.py and
convert_results.py; castorini/rank_llm, rerank/prompt_templates/rank_zephyr_alpha_template.yaml.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Blanks, Count
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import np
from zsbench.core.templates import fill
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import Document, RankItem
from zsbench.methods.rerank import Ranker
from zsbench.methods.rerank._identifiers import Defuse, Identifiers, defused, defused_query
from zsbench.methods.rerank._windows import check_step, slide
from zsbench.methods.rerank.cuts import count, cut_words, fitted
from zsbench.methods.rerank.scores import best_first
from zsbench.methods.shared.document_texts import Piece, Titled, Wording, put
from zsbench.models.capabilities import CausalLM, Prompt

Frame = Annotated[str, Blanks("query", "n", "article", "kind", "example")]


class FirstPrompt(Wording):
    """The pieces of the prompt; without `system` the text is used as it is, without a chat template.

    A model without turns reads the same pieces as plain text, with a line end before the answer. `titled` is how a
    passage with a title is shown; `defuse` puts round brackets around what looks like an identifier inside passages
    (`identifiers`), or around bracketed numbers there and in the query (`numbers`).
    """

    in_one_of: ClassVar[dict[str, tuple[str, ...]]] = {"query": ("head", "tail")}

    system: Piece | None = (
        "You are RankLLM, an intelligent assistant that can rank passages based on their relevancy to the query"
    )
    head: Frame = (
        "I will provide you with {n} passages, each indicated by a {kind} identifier []. "
        "Rank the passages based on their relevance to the search query: {query}.\n\n"
    )
    passage: Annotated[str, Blanks("id", "text", needed=("id", "text"))] = "[{id}] {text}\n"
    tail: Frame = (
        "Search Query: {query}.\nRank the {n} passages above based on their relevance to the search query. "
        "All the passages should be included and listed using identifiers, in descending order of relevance. "
        "The output format should be [] > [], e.g., {example}, "
        "Only respond with the ranking results, do not say any word or explain."
    )
    answer: Piece = "["
    titled: Titled = "{title}. {text}"
    defuse: Defuse = "identifiers"

    def shown(self, document: Document) -> str:
        """Return a passage with its title, where it has one."""
        return fill(self.titled, title=document.title, text=document.text) if document.title else document.text

    def talks(self, model: Any) -> bool:
        """Say whether the prompt is put as a conversation; one without `system` only where `chat` says so."""
        return False if self.chat is None and self.system is None else super().talks(model)

    def asked(self, texts: list[str], query: str, style: _Style, *, chat: bool) -> Prompt:
        """Return the prompt of one window."""
        blanks: dict[str, Any] = {"n": len(texts), "kind": style.kind, "article": style.article}
        blanks |= {"query": defused_query(query, self.defuse), "example": style.example}
        shown = [fill(self.passage, id=name, text=text) for name, text in zip(style.names, texts, strict=False)]
        body = fill(self.head, **blanks) + "".join(shown) + fill(self.tail, **blanks)
        plain = not chat and self.system is not None
        return put(body + "\n" if plain else body, chat=chat, answer=self.answer, system=self.system)


RANKLLM = FirstPrompt(
    head=(
        "I will provide you with {n} passages, each indicated by {article} {kind} identifier []. "
        "Rank the passages based on their relevance to the search query: {query}.\n"
    ),
    tail=(
        "Search Query: {query}.\nRank the {n} passages above based on their relevance to the search query. "
        "All the passages should be included and listed using identifiers, in descending order of relevance. "
        "The output format should be [] > [], e.g., {example}, Answer concisely and directly and only respond with the "
        "ranking results, do not say any word or explain."
    ),
    titled="Title: {title} Content: {text}",
    defuse="numbers",
)
STYLES = {"llm-reranker": FirstPrompt(), "rankllm": RANKLLM}


class _Style:
    """How passages are named: by letters or by numbers."""

    def __init__(self, identifiers: Identifiers) -> None:
        letters = identifiers == "alpha"
        self.names = [chr(ord("A") + i) for i in range(26)] if letters else [str(i) for i in range(1, 10)]
        self.kind, self.article = ("alphabetical", "an") if letters else ("numerical", "a")
        self.example = "[B] > [A]" if letters else "[2] > [1]"


def _check(options: dict[str, Any]) -> None:
    check_step(options)
    n = len(_Style(options["identifiers"]).names)
    if options["window"] > n:
        expected = f"at most {n} with {options['identifiers']} identifiers"
        raise UserError("window", f"window {options['window']}", expected)


@method(family="rerank", needs=(CausalLM,))
@companions(check=_check)
def first(
    *,
    window: Count = 20,
    step: Count | None = None,
    identifiers: Identifiers = "alpha",
    top_logprobs: Count | None = None,
    prompt: Literal["llm-reranker", "rankllm"] | FirstPrompt = "llm-reranker",
    max_words: Count = 300,
) -> Ranker:
    """Rank by the logits of identifiers.

    Parameters
    ----------
    window, step : passages in a prompt, and how far the window moves; null is half of it.
    identifiers : letters (up to 26 in a window) or the numbers 1 to 9.
    top_logprobs : look only at this many most probable tokens, as API back ends do; identifiers that are not among
        them keep the input order behind the others. None looks at the full vocabulary.
    prompt : one of the published wordings, or pieces of one's own.
    max_words : passages are cut to this many words; in scripts without blanks every character is one. Where a prompt
        is longer than the model reads, its passages are cut further. Cut passages and such prompts are counted.
    """
    style, pieces = _Style(identifiers), wording(prompt)
    if window > len(style.names):
        raise UserError("", f"window {window}", f"at most {len(style.names)} with {identifiers} identifiers")

    def rank(model: CausalLM, item: RankItem, _collection: Collection) -> list[int]:
        whole = [pieces.shown(document) for document in item.documents]
        shown = [defused(cut_words(text, max_words), pieces.defuse, identifiers) for text in whole]
        count(model, whole, shown)

        def sort(numbers: list[int]) -> list[int]:
            logits = model.next_token_logits(_tokens(model, pieces, style, [shown[i] for i in numbers], item.query))
            scores = logits[identifier_ids(model, fill(pieces.answer), style.names[: len(numbers)])]
            if not np.isfinite(scores).all():
                raise RunError("", "identifier logits are NaN or infinite", "another dtype (float32 or bfloat16)")
            if top_logprobs is not None:
                floor = np.sort(logits)[::-1][min(top_logprobs, len(logits)) - 1]
                # Below what an API reports, identifiers are equal: no logit of a network is as low.
                scores = np.where(scores >= floor, scores, np.finfo(np.float32).min)
            return best_first(scores, numbers)

        return slide(len(shown), window, step, sort)

    return rank


def wording(prompt: str | FirstPrompt) -> FirstPrompt:
    """Return the pieces of a prompt, or of the published wording that is named."""
    return STYLES[prompt] if isinstance(prompt, str) else prompt


def _tokens(model: CausalLM, prompt: FirstPrompt, style: _Style, texts: list[str], query: str) -> list[int]:
    """Return the prompt's tokens; where they are too many, passages are cut to fewer, and the prompt is counted."""
    chat = prompt.talks(model)

    def written(texts: list[str]) -> str:
        asked = prompt.asked(texts, query, style, chat=chat)
        return (model.chat(asked.messages) if chat else asked.text) + asked.answer

    def tokens(texts: list[str]) -> list[int]:
        return model.tokenize(written(texts), special=True)[0]

    shorter = fitted(model, texts, lambda cut: len(tokens(cut)))
    model.cost.asked(written(shorter))
    return tokens(shorter)


def identifier_ids(model: CausalLM, opening: str, names: list[str]) -> list[int]:
    """Return the token that stands for each identifier right after the opening of the answer.

    Raises
    ------
    RunError
        The tokenizer has no single token for an identifier there, or one token for two of them.
    """
    before, _ = model.tokenize(opening, special=False)
    ids = []
    for name in names:
        after, _ = model.tokenize(opening + name, special=False)
        if after[:-1] == before:
            ids.append(after[-1])
            continue
        alone, _ = model.tokenize(name, special=False)
        if len(alone) != 1:
            raise RunError("", f"identifier '{name}' is {len(alone)} tokens to this model", "single-token identifiers")
        ids.append(alone[0])
    if len(set(ids)) < len(ids):
        twice = next(name for name, token in zip(names, ids, strict=True) if ids.count(token) > 1)
        raise RunError(
            "", f"identifier '{twice}' is the same token as another to this model", "a model that knows them"
        )
    return ids


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with two stand-in passages, for `zsbench show`."""
    raw = options.get("prompt", "llm-reranker")
    prompt = wording(raw if isinstance(raw, str) else FirstPrompt.model_validate(raw))
    chat = chat if prompt.chat is None and prompt.system is not None else bool(prompt.chat)
    style = _Style(options.get("identifiers", "alpha"))
    return prompt.asked(["<passage 1>", "<passage 2>"], "<query>", style, chat=chat).described()
