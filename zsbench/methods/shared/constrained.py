"""Scores of ids that a language model may write: all of them, or the best that a beam finds.

    score(id) = sum_t log p(token_t | prompt, token_<t)                     over the whole vocabulary
    renormalised: log p(token_t | ...) - logsumexp over the tokens that the trie allows there

A sum, without length penalty. Renormalised, the probabilities of all ids sum to 1.

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

    At every step the `width` best unfinished beginnings go on. An id that has ended is set aside and takes no place
    among them; an unfinished one is never returned. With as many beams as things the result is that of `every`.
    """
    live: list[tuple[float, Head, Node]] = [(0.0, (), trie.root)]
    ended: list[tuple[float, int]] = []
    while live:
        allowed = [trie.children(node) for _, _, node in live]
        steps = logprobs([head for _, head, _ in live], [[token for token, _ in children] for children in allowed])
        grown: list[tuple[float, Head, Node]] = []
        for (before, head, _), children, values in zip(live, allowed, steps, strict=True):
            for (token, child), value in zip(children, _steps(values, renormalise), strict=True):
                if things := trie.things(child):
                    ended += [(before + value, thing) for thing in things]
                else:
                    grown.append((before + value, (*head, token), child))
        live = sorted(grown, key=lambda one: -one[0])[:width]
        ended = sorted(ended, key=lambda one: (-one[0], one[1]))[:width]
        # Scores only fall, so what is unfinished and worse than the last of a full list stays worse.
        if live and len(ended) == width and ended[-1][0] > live[0][0]:
            break
    return [(thing, score) for score, thing in ended]


def _steps(values: Any, renormalise: bool) -> list[float]:
    """Return log-probabilities of allowed tokens, on demand among themselves."""
    logprobs = np.asarray(values, dtype=np.float64)
    if renormalise:
        logprobs = logprobs - np.logaddexp.reduce(logprobs)
    return [float(value) for value in logprobs]
