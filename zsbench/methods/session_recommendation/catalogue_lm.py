"""Rank a catalogue by a language model: every item is scored as what comes next, or a beam writes the best ones.

    score(item) = sum_t log p(token_t | history, token_<t)        end token included, no length penalty

Items are written as their texts or as semantic ids; items that share one follow each other in the catalogue's order.
With `session: m` one answer holds m items, and the beam looks for the best of all such answers:

    score(i_1 .. i_m) = sum over the tokens of  i_1 separator i_2 separator .. i_m end

The history, and what an encoder reads, stays as it is. An item that an answer repeats counts once; where items share an
id, its second occurrence is the second of them.

Source: Deng et al. 2025 (OneRec), arXiv:2502.18965, section 3, with any language model instead of a trained one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Blanks, Count, LocalPath
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.core.templates import fill
from zsbench.data.sessions.session import Session
from zsbench.methods.session_recommendation import Catalogue, Recommender
from zsbench.methods.session_recommendation._ids import read_ids
from zsbench.methods.shared.constrained import NextLogprobs, beam_in_turn, ranking
from zsbench.methods.shared.document_texts import Piece, Wording, put
from zsbench.methods.shared.trie import Trie, require_apart
from zsbench.models.capabilities import Prompt, TokenScorer

Item = Annotated[str, Blanks("item", needed=("item",))]
Code = Annotated[str, Blanks("level", "code", "letter", needed=("code|letter",))]


class HistoryPrompt(Wording):
    """The question, how the model's turn opens, and how an item is written in the history and in the answer.

    `separator`: between the items of the history, and of a session that is written. `last`: how many items of the
    history are shown; null shows all. Histories that are cut are counted.
    """

    system: Piece | None = None
    text: Annotated[str, Blanks("history", needed=("history",))] = (
        "A user watched, in this order:\n{history}\nWatched next:\n"
    )
    answer: Piece = ""
    shown: Item = "{item}"
    separator: Piece = "\n"
    item: Item = "{item}"
    last: Count | None = 50

    def asked(self, history: Sequence[str], *, chat: bool) -> Prompt:
        """Return the prompt after a history of written items, the oldest first."""
        kept = history if self.last is None else history[-self.last :]
        content = fill(self.text, history=fill(self.separator).join(fill(self.shown, item=item) for item in kept))
        return put(content, chat=chat, answer=self.answer, system=self.system)


@method(family="session-recommendation", needs=(TokenScorer,), uses_with={"ids": "semantic ids of the items"})
@companions(("code", "ids"), ("session", "beams"))
def catalogue_lm(
    *,
    beams: Count | None = None,
    session: Count | None = None,
    ids: LocalPath | None = None,
    code: Code = "<{level}_{code}>",
    prompt: HistoryPrompt = HistoryPrompt(),
    end: bool = True,
    renormalise: bool = False,
) -> Recommender:
    """Rank by the probability of the written item.

    Parameters
    ----------
    beams : width of the beam; null scores the whole catalogue.
    session : items of an answer; null ranks all items by what comes next.
    ids : semantic ids, JSONL `{"_id": ..., "codes": [...]}` as `zsbench corpus semantic-ids` writes them.
    code : how one code is written; `{level}` counts from 1, `{letter}` is A for code 0.
    prompt : wording.
    end : the token that ends an item counts; without it no written item may begin another one.
    renormalise : probabilities among the items instead of the whole vocabulary.
    """

    def recommend(model: TokenScorer, sessions: Sequence[Session], catalogue: Catalogue) -> Iterator[list[int]]:
        written = dict(zip(catalogue.names, catalogue.texts, strict=True))
        if ids is not None:
            written = read_ids(Path(ids), catalogue.names, code)
        blank = next((name for name, text in written.items() if not text.strip()), None)
        if blank is not None:
            raise UserError("", f"item '{blank}' has no text", "a text for every item, or semantic ids (`ids:`)")
        chat, texts = prompt.talks(model), list(written.values())

        def tokens(*, end: bool) -> list[list[int]]:
            return [model.answer_tokens(fill(prompt.item, item=text), end=end) for text in texts]

        answers = tokens(end=end)
        require_apart(answers, texts)
        tries = [Trie(answers)]
        if session is not None:
            between = model.answer_tokens(fill(prompt.separator), end=False)
            tries = [Trie([[*item, *between] for item in tokens(end=False)])] * (session - 1) + tries

        def recommended(logprobs: NextLogprobs) -> list[int]:
            if session is None or beams is None:
                return ranking(tries[0], logprobs, width=beams, renormalise=renormalise)
            ids, _ = beam_in_turn(tries, logprobs, width=beams, renormalise=renormalise)[0]
            return in_turn([trie.things(node) for trie, node in zip(tries, ids, strict=True)])

        for user in sessions:
            history = [written[item] for item in user.history if item in written]
            if prompt.last is not None and len(history) > prompt.last:
                getattr(model, "cost", Cost()).truncated_items += 1
            yield recommended(partial(model.next_logprobs, prompt.asked(history, chat=chat)))

    return recommend


def in_turn(named: Iterable[Sequence[int]]) -> list[int]:
    """Return the items of a session from those that each of its ids names: the first that is not there yet, if any."""
    chosen: list[int] = []
    for items in named:
        chosen += [item for item in items if item not in chosen][:1]
    return chosen


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with stand-ins, for `zsbench show`."""
    prompt = HistoryPrompt.model_validate(options.get("prompt", {}))
    asked = prompt.asked(["<item 1>", "<item 2>"], chat=False)
    return f"{asked.text}{asked.answer}\n-> {fill(prompt.item, item='<item>')}"
