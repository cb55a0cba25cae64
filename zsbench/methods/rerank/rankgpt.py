"""RankGPT: permutation generation; the model writes the order of a window's passages as [2] > [1] > ...

Windows run from the tail of the list to its head and each result is written back before the next. `chat` shows every
passage in a turn of its own, which the assistant receipts; the others show all in one text: `rankllm` in the present
wording of RankLLM, `rankzephyr` and `rankvicuna` in those that these models were trained on, and `single` opens the
answer with "[". Models without turns get `single` unless a style is named. Answers that are no permutation of the
window are counted, and so are those in which nothing can be read.

    named     identifiers count where the answer names them, not in its prose; missing passages follow in their order
    lenient   every number in the answer counts, as in the public code of RankGPT and RankLLM
    strict    `[2] > [1] > ...` and nothing else; otherwise the window keeps its present order

Source: Sun et al. 2023 (EMNLP), arXiv:2304.09542, section 3; `single` and `strict` as published with
arXiv:2410.02642.
"""

from __future__ import annotations

from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Count, Few
from zsbench.core.errors import UserError
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank import Ranker, _parse, cuts
from zsbench.methods.rerank._identifiers import Identifiers
from zsbench.methods.rerank._permutation import NAMES, STYLES, RankPrompt, build
from zsbench.methods.rerank._windows import Schedule, check_step, slide
from zsbench.methods.shared.document_texts import converses
from zsbench.models.capabilities import TextGenerator, Tokenizer

# "[12] > " is five tokens to most models; a window of 20 gets the 100 of the published code.
TOKENS_PER_PASSAGE = 5


def _check(options: dict[str, Any]) -> None:
    check_step(options)
    n = len(NAMES[options["identifiers"]])
    if options["window"] > n:
        expected = f"at most {n} with {options['identifiers']} identifiers"
        raise UserError("window", f"window {options['window']}", expected)


@method(
    family="rerank",
    needs=(TextGenerator,),
    needs_with=lambda options: {Tokenizer: "`max_tokens: null`"} if options.max_tokens else {},
)
@companions(check=_check)
def rankgpt(
    *,
    window: Count = 20,
    step: Count | None = None,
    repeats: Few = 1,
    schedule: Schedule = "covering",
    prompt: Literal["chat", "rankllm", "rankzephyr", "rankvicuna", "single"] | RankPrompt | None = None,
    parser: _parse.Orders = "named",
    identifiers: Identifiers = "numeric",
    max_words: Count | None = 300,
    max_tokens: Count | None = None,
    max_new_tokens: Count | None = None,
) -> Ranker:
    """Rank by the order that the model writes.

    Parameters
    ----------
    window, step : passages in a prompt, and how far the window moves; null is half of it.
    repeats : passes over the whole list.
    schedule : what happens at the head of the list; `rankgpt` is that of the public code.
    prompt : one of the published styles, or pieces of one's own; null is `chat`, or `single` for a model without turns.
    parser : how answers are read.
    identifiers : numbers, or letters (up to 26 in a window).
    max_words : passages are cut to this many words, with single blanks between them; null shows them as they are.
    max_tokens : passages are cut to this many tokens of the model; code keeps its lines with `max_words: null`.
    max_new_tokens : length of an answer; null is 5 a passage. Models that think aloud need more.
    """
    names = NAMES[identifiers]
    if window > len(names):
        raise UserError("", f"window {window}", f"at most {len(names)} with {identifiers} identifiers")
    read = _parse.ORDERS[parser]

    def rank(model: TextGenerator, item: RankItem, _collection: Collection) -> list[int]:
        pieces = style(prompt, chat=converses(model))
        chat = pieces.talks(model)
        shown = [pieces.shown(document, max_words) for document in item.documents]
        texts = [cuts.cut_tokens(model, text, max_tokens) for text in shown]
        cuts.count(model, [pieces.shown(document, None) for document in item.documents], texts)

        def sort(numbers: list[int]) -> list[int]:
            asked = build(pieces, [texts[i] for i in numbers], item.query, identifiers=identifiers, chat=chat)
            room = max_new_tokens or TOKENS_PER_PASSAGE * len(numbers)
            [answer] = model.generate([asked], max_new_tokens=room)
            reading = read(answer, len(numbers), letters=identifiers == "alpha")
            _count(model, reading)
            return [numbers[i] for i in reading.order]

        return slide(len(texts), window, step, sort, schedule=schedule, repeats=repeats)

    return rank


def _count(model: TextGenerator, reading: _parse.Reading) -> None:
    model.cost.comparisons += 1
    model.cost.answers += 1
    model.cost.malformed_outputs += not reading.well_formed
    model.cost.answers_unreadable += not reading.n_named


def style(prompt: str | RankPrompt | None, *, chat: bool) -> RankPrompt:
    """Return the pieces of a prompt, or of the published style that is named or fits."""
    if isinstance(prompt, RankPrompt):
        return prompt
    return STYLES[prompt or ("chat" if chat else "single")]


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with two stand-in passages, for `zsbench show`; other styles than `chat` as one text."""
    raw = options.get("prompt")
    pieces = style(RankPrompt.model_validate(raw) if isinstance(raw, dict) else raw, chat=chat)
    turns = bool(pieces.chat) or pieces.receipt is not None
    names = options.get("identifiers", "numeric")
    return build(pieces, ["<passage 1>", "<passage 2>"], "<query>", identifiers=names, chat=turns).described()
