"""In-context re-ranking (ICR): rank passages by the attention that the query pays them, calibrated with "N/A".

With A[l, h, q, t] the attention of query token q to passage token t in layer l and head h:

    s_t   = sum_l sum_h mean_q A[l, h, q, t]              of the prompt with the query
    s0_t  = the same of the prompt with the query "N/A"   (same prefix, computed once)
    d_t   = s_t - s0_t
    S_doc = sum of d_t over its tokens with d_t > mean(d) - 2 std(d)     (std with n - 1)

Three forward passes a query (the passages once, then both queries behind them); nothing is generated. The query span
runs from the instruction to the end of the prompt. With `layers` or `heads` only those are summed, and the passes end
after the last layer among them.

Source: Chen, Gutierrez & Su 2025 (ICLR), arXiv:2410.02642, section 3; heads from labelled queries: Tran et al. 2025,
arXiv:2510.02219, and Zhang et al. 2025, arXiv:2506.09944.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

from annotated_types import MaxLen, MinLen

from zsbench.config.companions import companions
from zsbench.config.components import method, options_schema
from zsbench.config.options import Count, Distinct, LocalPath, Matches, Natural
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.templates import fill
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Fitted, Ranker
from zsbench.methods.rerank import heads as chosen_heads
from zsbench.methods.rerank._icr import IE, QA, IcrPrompt, Reader
from zsbench.methods.rerank._windows import check_step, slide
from zsbench.methods.rerank.cuts import count
from zsbench.methods.rerank.scores import best_first
from zsbench.models.capabilities import CausalLM

Range = Annotated[str, Matches(r" *[0-9]+ *- *[0-9]+ *", "a range such as 8-15, or a list of layers")]
Head = Annotated[list[Natural], MinLen(2), MaxLen(2)]


def _check(options: dict[str, Any]) -> None:
    check_step(options)
    heads = options["heads"]
    chosen_heads.select(options["layers"], [[0, 0]] if isinstance(heads, str) else heads)


@method(family="rerank", needs=(CausalLM,), uses_with={"heads": "support set"})
@companions(("step", "window"), check=_check)
def icr(
    *,
    calibration: Literal["na", "none"] = "na",
    aggregate: Literal["all_query_tokens", "last_token"] = "all_query_tokens",
    prompt: Literal["qa", "ie"] | IcrPrompt = "qa",
    doc_order: Literal["best_first", "best_last"] = "best_last",
    window: Count | None = None,
    step: Count | None = None,
    max_words: Count = 300,
    layers: Annotated[list[Natural], MinLen(1), Distinct()] | Range | None = None,
    heads: Annotated[list[Head], MinLen(1), Distinct()] | LocalPath | None = None,
) -> Ranker:
    """Rank by calibrated attention.

    Parameters
    ----------
    calibration : subtract the attention of the query "N/A", or not.
    aggregate : every token of the query span attends, or only the last one, whose outliers then count too (the
        paper's ablation without aggregation).
    prompt : the paper's question-answering or information-extraction wording, in the model's chat format or as plain
        text for base models, or pieces of one's own.
    doc_order : where the first stage's best passage stands; the paper's scripts put it last, nearest the query.
    window, step : rank in windows from the tail to the head, which move by the step, or by half their size; without a
        window all passages share one prompt.
    max_words : passages are cut to this many space-separated words (the title is not counted); in scripts without
        blanks every character is one. Where a prompt is longer than the model reads, its passages are cut further, to
        as many tokens each as there is room for. Cut passages and such prompts are counted.
    layers : use only these layers: a list, or a range such as `8-15`.
    heads : use only these heads: [layer, head] pairs, or a file written by `zsbench heads`.
    """
    reading = Reader(prompt, calibration, aggregate, doc_order, max_words)
    file = chosen_heads.read(heads) if isinstance(heads, str) else None
    selection = chosen_heads.select(layers, file.heads if file else heads if isinstance(heads, list) else None)

    def rank(model: CausalLM, item: RankItem, _collection: Collection) -> list[int]:
        texts = [reading.passage(document) for document in item.documents]
        count(model, [f"{document.title}\n{document.text}" for document in item.documents], texts)

        def sort(numbers: list[int]) -> list[int]:
            shown = reading.fitted(model, [texts[i] for i in numbers], item.query)
            attended = reading.read(model, shown, item.query, n_layers=selection.n_layers)
            return best_first([score(a.asked, a.blank) for a in attended], numbers)

        return slide(len(texts), window, step, sort)

    def score(asked: DoubleArray, blank: DoubleArray | None) -> float:
        tokens = selection.total(asked)
        if blank is None:
            return float(tokens.sum())
        return calibrated(tokens, selection.total(blank), outliers=aggregate == "last_token")

    return Fitted(rank, partial(_notes, file)) if file else rank


def _notes(file: chosen_heads.HeadFile, model: Any, items: Sequence[RankItem]) -> dict[str, Any]:
    """Return what a result says of heads that were chosen on labelled queries."""
    warning = file.warning(model, items)
    chosen = {"heads": file.heads, "rule": file.rule, "task": file.task, "queries": list(file.queries)}
    return {"chosen on labelled queries": chosen, **({"warning": warning} if warning else {})}


def reader(options: dict[str, Any], *, calibration: Literal["na", "none"]) -> Reader:
    """Return how `icr` with these options (as written in a config) reads attention, under another calibration."""
    checked: Any = options_schema(icr).model_validate(options)
    return Reader(checked.prompt, calibration, checked.aggregate, checked.doc_order, checked.max_words)


def calibrated(tokens: DoubleArray, blank: DoubleArray, *, outliers: bool = False) -> float:
    """Return a passage's score from its tokens' attention with the query and with the blank query.

    Tokens that lose unusually much attention (more than two standard deviations below the mean) are left out, unless
    `outliers` keeps them. A passage of one token has no standard deviation and then scores 0, as in the reference.
    """
    change = np.asarray(tokens - blank)
    if outliers:
        return float(change.sum())
    if len(change) < 2:
        return 0.0
    return float(change[change > change.mean() - 2 * change.std(ddof=1)].sum())


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with two stand-in passages, for `zsbench show`."""
    raw = options.get("prompt", "qa")
    kind = {"qa": QA, "ie": IE}
    pieces = IcrPrompt(instruction=kind[raw]) if isinstance(raw, str) else IcrPrompt.model_validate(raw)
    parts = [fill(pieces.document, i=i + 1, letter="AB"[i], text=f"<passage {i + 1}>") for i in range(2)]
    tail = [piece for piece in (fill(pieces.instruction), fill(pieces.query, query="<query>")) if piece]
    return fill(pieces.prefix) + fill(pieces.separator).join([fill(pieces.intro), *parts, *tail]) + fill(pieces.suffix)
