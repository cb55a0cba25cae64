"""In-context re-ranking (ICR): rank passages by the attention that the query pays them, calibrated with "N/A".

With A[l, h, q, t] the attention of query token q to passage token t in layer l and head h:

    s_t   = sum_l sum_h mean_q A[l, h, q, t]              of the prompt with the query
    s0_t  = the same of the prompt with the query "N/A"   (same prefix, computed once)
    d_t   = s_t - s0_t
    S_doc = sum of d_t over its tokens with d_t > mean(d) - 2 std(d)     (std with n - 1)

Two forward passes a query, nothing is generated. The query span runs from the instruction to the end of the prompt.

Source: Chen, Gutierrez & Su 2025 (ICLR), arXiv:2410.02642, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from zsbench.components import Strict, method
from zsbench.data._collection import Collection, Document
from zsbench.errors import RunError
from zsbench.lazy import lazy
from zsbench.methods.rerank import Ranker, RankItem
from zsbench.methods.rerank._windows import slide
from zsbench.models.capabilities import CausalLM

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    np = lazy("numpy")

QA = "Please answer the following question based on the information in the paragraphs above."
IE = "Please find information that are relevant to the following query in the paragraphs above."
# The two chat formats of the paper, which leave out blank lines that the models' own templates have.
LLAMA3 = (
    "<|start_header_id|>user<|end_header_id|>",
    "<|eot_id|><|start_header_id|>assistant<|end_header_id|>",
    " \n\n",
)
MISTRAL = ("[INST]", "[/INST]", "\n\n")


class IcrPrompt(Strict):
    """A prompt of one's own, in the order of its pieces; `{i}` counts from 1, `{letter}` from A."""

    prefix: str = ""
    intro: str = " Here are some paragraphs:"
    separator: str = "\n\n"
    document: str = "[{i}] {text}"
    instruction: str = QA
    query: str = "Query: {query}"
    suffix: str = ""
    blank: str = "N/A"


class _Spans:
    """A prompt, its tokens, the token span of each passage and the first token of the query span."""

    def __init__(self, model: CausalLM, pieces: IcrPrompt, texts: list[str], query: str) -> None:
        text = pieces.prefix + pieces.intro
        bounds: list[tuple[int, int]] = []
        for number, passage in enumerate(texts):
            text += pieces.separator if text else ""
            shown = pieces.document.format(i=number + 1, letter=chr(ord("A") + number % 26), text=passage)
            bounds.append((len(text), len(text) + len(shown)))
            text += shown
        start = len(text) + len(pieces.separator)
        asked = pieces.query.format(query=query.strip())
        for piece in (pieces.instruction, asked):
            text += pieces.separator + piece if piece else ""
        self.text = text + pieces.suffix
        self.ids, offsets = model.tokenize(self.text, special=True)
        self.documents = [[t for t, (a, b) in enumerate(offsets) if a < end and b > begin] for begin, end in bounds]
        self.query_start = next(t for t, (a, b) in enumerate(offsets) if b > start and b > a)


@method(family="rerank", needs=(CausalLM,))
def icr(
    *,
    calibration: Literal["na", "none"] = "na",
    aggregate: Literal["all_query_tokens", "last_token"] = "all_query_tokens",
    prompt: Literal["qa", "ie"] | IcrPrompt = "qa",
    doc_order: Literal["best_first", "best_last"] = "best_last",
    window: int | None = None,
    step: int = 10,
    max_words: int = 300,
    layers: list[int] | None = None,
    heads: list[list[int]] | None = None,
) -> Ranker:
    """Rank by calibrated attention.

    Parameters
    ----------
    calibration : subtract the attention of the query "N/A", or not.
    aggregate : every token of the query span attends, or only the last one.
    prompt : the paper's question-answering or information-extraction wording, or pieces of one's own.
    doc_order : where the first stage's best passage stands; the paper's scripts put it last, nearest the query.
    window, step : rank in windows from the tail to the head; without a window all passages share one prompt.
    max_words : passages are cut to this many space-separated words (the title is not counted).
    layers : use only these layers. heads : use only these [layer, head] pairs.
    """

    def rank(model: CausalLM, item: RankItem, _collection: Collection) -> list[int]:
        pieces = prompt if isinstance(prompt, IcrPrompt) else _paper_prompt(model, prompt)
        texts = [_passage(document, max_words) for document in item.documents]

        def sort(numbers: list[int]) -> list[int]:
            shown = numbers if doc_order == "best_first" else numbers[::-1]
            scores = dict(zip(shown, score([texts[i] for i in shown], item.query, model, pieces), strict=True))
            return sorted(numbers, key=lambda i: -scores[i])

        return slide(len(texts), window, step, sort)

    def score(texts: list[str], query: str, model: CausalLM, pieces: IcrPrompt) -> list[float]:
        asked = _Spans(model, pieces, texts, query)
        prompts = [asked] if calibration == "none" else [asked, _Spans(model, pieces, texts, pieces.blank)]
        tokens = [reduce_heads(a) for a in _attention(model, prompts)]
        if calibration == "none":
            return [float(tokens[0][span].sum()) for span in asked.documents]
        return [
            calibrated(tokens[0][a], tokens[1][b]) for a, b in zip(asked.documents, prompts[1].documents, strict=True)
        ]

    def reduce_heads(mass: Array) -> Array:
        if heads is not None:
            return np.asarray(sum(mass[layer, head] for layer, head in heads))
        return np.asarray(mass[slice(None) if layers is None else layers].sum(axis=(0, 1)))

    def _attention(model: CausalLM, prompts: list[_Spans]) -> list[Array]:
        """Return attention (layers, heads, tokens) of each prompt's query span, the shared prefix encoded once."""
        start = [len(p.ids) - 1 if aggregate == "last_token" else p.query_start for p in prompts]
        prefix = prompts[0].ids[: prompts[0].query_start]
        if any(p.ids[: p.query_start] != prefix for p in prompts):
            raise RunError("", "the tokenizer merges the passages with the query", "a separator that ends a token")
        if aggregate == "all_query_tokens":
            mass = model.attention_mass(prefix, [p.ids[len(prefix) :] for p in prompts])
        else:
            mass = [model.attention_mass(p.ids[:s], [p.ids[s:]])[0] for p, s in zip(prompts, start, strict=True)]
        if any(not np.isfinite(m).all() for m in mass):
            raise RunError("", "attention is NaN or infinite", "another dtype (float32 or bfloat16)")
        return [np.asarray(m, dtype=np.float64) for m in mass]

    return rank


def calibrated(tokens: Array, blank: Array) -> float:
    """Return a passage's score from its tokens' attention with the query and with the blank query.

    Tokens that lose unusually much attention (more than two standard deviations below the mean) are left out.
    A passage of one token has no standard deviation and scores 0, as in the reference.
    """
    change = np.asarray(tokens - blank)
    if len(change) < 2:
        return 0.0
    return float(change[change > change.mean() - 2 * change.std(ddof=1)].sum())


def _passage(document: Document, max_words: int) -> str:
    text = " ".join(document.text.split(" ")[:max_words])
    return f"{document.title}\n{text}".strip()


def _paper_prompt(model: CausalLM, kind: str) -> IcrPrompt:
    """Return the paper's wording in the model's chat format; other models get their own template's."""
    marker = "\u241fuser\u241f"
    template = model.chat([{"role": "user", "content": marker}])
    if "<|start_header_id|>" in template:
        prefix, suffix, separator = LLAMA3
    elif "[INST]" in template:
        prefix, suffix, separator = MISTRAL
    else:
        prefix, suffix = template.split(marker)
        separator = "\n\n"
    return IcrPrompt(prefix=prefix, suffix=suffix, separator=separator, instruction=QA if kind == "qa" else IE)


def describe_prompt(options: dict[str, Any], task: dict[str, Any]) -> str:  # noqa: ARG001 - one signature for all
    """Return the prompt with two stand-in passages, for `zsbench show`."""
    raw = options.get("prompt", "qa")
    kind = {"qa": QA, "ie": IE}
    pieces = IcrPrompt(instruction=kind[raw]) if isinstance(raw, str) else IcrPrompt.model_validate(raw)
    parts = [pieces.document.format(i=i + 1, letter="AB"[i], text=f"<passage {i + 1}>") for i in range(2)]
    tail = [piece for piece in (pieces.instruction, pieces.query.format(query="<query>")) if piece]
    return pieces.prefix + pieces.separator.join([pieces.intro, *parts, *tail]) + pieces.suffix
