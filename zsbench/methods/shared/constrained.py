"""Scores of ids that a language model may write: all of them, or the best that a beam finds.

    score(id) = sum_t log p(token_t | prompt, token_<t)                     over the whole vocabulary
    renormalised: log p(token_t | ...) - logsumexp over the tokens that the trie allows there

A sum, without length penalty. Renormalised, the probabilities of all ids sum to 1. Ids may follow each other in one
answer: the score of a sequence is that of all its tokens.

Source: De Cao et al. 2021 (ICLR), arXiv:2010.00904, section 3; Tay et al. 2022 (NeurIPS), arXiv:2202.06991, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.lazy import DoubleArray, np
from zsbench.methods.rerank.scores import best_first
from zsbench.methods.shared.trie import Node, Trie

Head = tuple[int, ...]
NextLogprobs = Callable[[Sequence[Head], Sequence[Sequence[int]]], Sequence[Any]]
"""From first tokens of ids, and some next tokens for each, to the log-probabilities of those."""


def ranking(trie: Trie, logprobs: NextLogprobs, *, width: int | None, renormalise: bool) -> list[int]:
    """Return things, best first: those that a beam of `width` finds, or all of them where there is no width."""
    if width is None:
        return best_first(every(trie, logprobs, renormalise=renormalise))
    return [thing for thing, _ in beam(trie, logprobs, width=width, renormalise=renormalise)]


def every(trie: Trie, logprobs: NextLogprobs, *, renormalise: bool = False) -> DoubleArray:
    """Return the score of every thing, (n_things,); beginnings that ids share are asked for once."""
    asked: list[tuple[Node, Head, list[tuple[int, Node]]]] = []
    stack: list[tuple[Node, Head]] = [(trie.root, ())]
    while stack:
        node, head = stack.pop()
        if children := trie.children(node):
            asked.append((node, head, children))
            stack += [(child, (*head, token)) for token, child in children]
    steps = logprobs([head for _, head, _ in asked], [[token for token, _ in children] for *_, children in asked])
    totals = {trie.root: 0.0}
    scores = np.zeros(trie.root.last)
    # A beginning stands before everything that goes on from it.
    for (node, _, children), values in zip(asked, steps, strict=True):
        for (_, child), value in zip(children, _steps(values, renormalise), strict=True):
            totals[child] = totals[node] + value
            scores[trie.things(child)] = totals[child]
    return scores


def beam(trie: Trie, logprobs: NextLogprobs, *, width: int, renormalise: bool = False) -> list[tuple[int, float]]:
    """Return at most `width` things with their scores, best first; of equal ones the lower number.

    With as many beams as things the result is that of `every`.
    """
    ended = beam_in_turn([trie], logprobs, width=width, renormalise=renormalise)
    things = [(thing, score) for [node], score in ended for thing in trie.things(node)]
    return sorted(things, key=lambda one: (-one[1], one[0]))[:width]


def beam_in_turn(
    tries: Sequence[Trie], logprobs: NextLogprobs, *, width: int, renormalise: bool = False
) -> list[tuple[tuple[Node, ...], float]]:
    """Return at most `width` sequences of ids, one of each trie after another, with their scores, best first.

    An id is the node that it ends at. At every step the `width` best unfinished beginnings go on. A sequence that has
    ended is set aside and takes no place among them; an unfinished one is never returned.
    """
    live: list[tuple[float, Head, tuple[Node, ...], Node]] = [(0.0, (), (), tries[0].root)]
    ended: list[tuple[float, tuple[Node, ...]]] = []
    while live:
        allowed = [tries[len(ids)].children(node) for *_, ids, node in live]
        steps = logprobs([one[1] for one in live], [[token for token, _ in children] for children in allowed])
        grown: list[tuple[float, Head, tuple[Node, ...], Node]] = []
        for (before, head, ids, _), children, values in zip(live, allowed, steps, strict=True):
            for (token, child), value in zip(children, _steps(values, renormalise), strict=True):
                score, longer = before + value, (*head, token)
                if not tries[len(ids)].things(child):
                    grown.append((score, longer, ids, child))
                elif len(ids) + 1 < len(tries):
                    grown.append((score, longer, (*ids, child), tries[len(ids) + 1].root))
                else:
                    ended.append((score, (*ids, child)))
        live = sorted(grown, key=lambda one: -one[0])[:width]
        ended = sorted(ended, key=lambda one: (-one[0], _firsts(tries, one[1])))[:width]
        # Scores only fall, so what is unfinished and worse than the last of a full list stays worse.
        if live and len(ended) == width and ended[-1][0] > live[0][0]:
            break
    return [(ids, score) for score, ids in ended]


def _firsts(tries: Sequence[Trie], ids: Sequence[Node]) -> list[int]:
    """Return the first of the things that each id names."""
    return [trie.things(node)[0] for trie, node in zip(tries, ids, strict=True)]


def _steps(values: Any, renormalise: bool) -> list[float]:
    """Return log-probabilities of allowed tokens, on demand among themselves."""
    logprobs = np.asarray(values, dtype=np.float64)
    if renormalise:
        logprobs = logprobs - np.logaddexp.reduce(logprobs)
    return [float(value) for value in logprobs]
