"""Sorting by a judge that is asked about few candidates at a time; only the best k places are settled.

Candidates are numbers in first-stage order. A `Pick` gets two or more of them and returns the index of the best;
a `Judge` gets pairs (a, b) and returns 1 where a is better, -1 where b is, 0 where its answers contradict. With a
judge that is always right the first k places hold the true best k, but for `bubblesort_skipping_sets`: the memory of
unchanged windows in the public setwise code loses candidates (a right judge's top 3 of 12 can be wrong).

Sorts ask the same question again and again. `once` and `once_each` put it to the model the first time only: the same
prompt would be answered the same, so fewer forward passes give the same order.

Source: Qin et al. 2023, arXiv:2306.17563, section 3.3; Zhuang et al. 2024 (SIGIR), arXiv:2310.09497, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Literal

Pick = Callable[[list[int]], int]
Judge = Callable[[Sequence[tuple[int, int]]], Sequence[int]]
Ties = Literal["first-stage", "first-point"]


def once(pick: Pick) -> Pick:
    """Return the pick with a memory: candidates seen before in the same order are not asked about again."""
    known: dict[tuple[int, ...], int] = {}

    def remember(candidates: list[int]) -> int:
        key = tuple(candidates)
        if key not in known:
            known[key] = pick(candidates)
        return known[key]

    return remember


def once_each(judge: Judge) -> Judge:
    """Return the judge with a memory: a pair seen before, in whichever order, is not asked about again."""
    known: dict[tuple[int, int], int] = {}

    def remember(pairs: Sequence[tuple[int, int]]) -> list[int]:
        new = [pair for pair in pairs if pair not in known]
        for (a, b), outcome in zip(new, judge(new) if new else (), strict=True):
            known[a, b], known[b, a] = outcome, -outcome
        return [known[pair] for pair in pairs]

    return remember


def verdicts(preferences: Sequence[float], *, absolute: bool) -> list[int]:
    """Return 1 (the first passage is better), -1 (the second) or 0 for each pair of prompts (a, b), (b, a).

    Parameters
    ----------
    preferences : how much each prompt's answer speaks for the passage that stands first in it.
    absolute : each answer is a verdict of its own and both must agree; otherwise the two are compared.
    """
    decided = []
    for ab, ba in zip(preferences[::2], preferences[1::2], strict=True):
        agree = (ab > 0 > ba) - (ab < 0 < ba)
        decided.append(agree if absolute else (ab > ba) - (ab < ba))
    return decided


def champion(judge: Judge) -> Pick:
    """Return the pick that lets each candidate in turn challenge the best so far; a contradiction leaves it."""

    def pick(candidates: list[int]) -> int:
        best = 0
        for challenger in range(1, len(candidates)):
            if judge([(candidates[challenger], candidates[best])])[0] > 0:
                best = challenger
        return best

    return pick


def allpair(n: int, judge: Judge, *, ties: Ties = "first-stage") -> list[int]:
    """Return candidates by points over all n (n - 1) / 2 pairs: 1 for a win, a half each for a contradiction.

    Equal points keep the first-stage order; `first-point` puts those first that scored earlier in the course of
    the pairs, and leaves out candidates without any point, as the public code does.
    """
    pairs = list(combinations(range(n), 2))
    halves: dict[int, int] = {} if ties == "first-point" else dict.fromkeys(range(n), 0)
    for (a, b), outcome in zip(pairs, judge(pairs), strict=True):
        for candidate, gain in ((a, 1 + outcome), (b, 1 - outcome)):
            if gain:
                halves[candidate] = halves.get(candidate, 0) + gain
    return sorted(halves, key=lambda candidate: -halves[candidate])


def heapsort(n: int, k: int, pick: Pick, *, children: int = 2) -> list[int]:
    """Return candidates after k were taken from a max-heap whose nodes have so many children."""
    heap = list(range(n))

    def sink(node: int, size: int) -> None:
        while (first := children * node + 1) < size:
            family = [node, *range(first, min(first + children, size))]
            best = family[pick([heap[place] for place in family])]
            if best == node:
                return
            heap[node], heap[best] = heap[best], heap[node]
            node = best

    for node in range((n - 2) // children, -1, -1):
        sink(node, n)
    for taken in range(1, min(k, n - 1) + 1):
        last = n - taken
        heap[0], heap[last] = heap[last], heap[0]
        if taken < k:
            sink(0, last)
    return heap[::-1]


def bubblesort(n: int, k: int, pick: Pick, *, children: int = 1) -> list[int]:
    """Return candidates after k passes from the tail, each of which carries the best of what is left to its place."""
    order = list(range(n))
    for place in range(min(k, n - 1)):
        end = n
        while end - place > 1:
            start = max(place, end - children - 1)
            _promote(order, start, end, pick)
            end = start + 1
    return order


def _promote(order: list[int], start: int, end: int, pick: Pick) -> int:
    """Swap the best of a window to the window's head; return where in the window it stood."""
    best = pick(order[start:end])
    order[start], order[start + best] = order[start + best], order[start]
    return best


def bubblesort_skipping_pairs(n: int, k: int, pick: Pick) -> list[int]:
    """Return what the public pairwise code does: a pass begins where the last one first changed something.

    It compares less, and only a judge without consistent preferences gets another order than from `bubblesort`.
    """
    order, last_end = list(range(n)), n - 1
    for place in range(min(k, n)):
        changed = False
        for lower in range(last_end, place, -1):
            if _promote(order, lower - 1, lower + 1, pick) and not changed:
                changed = True
                last_end += last_end != n - 1
            last_end -= not changed
    return order


def bubblesort_skipping_sets(n: int, k: int, pick: Pick, *, children: int) -> list[int]:
    """Return what the public setwise code does; it is not exact, and its windows may hold a single candidate."""
    tail = n - children - 1
    order, last_start = list(range(n)), tail
    for place in range(min(k, n - 1)):
        changed, start, end = False, last_start, last_start + children + 1
        while True:
            start = max(start, place)
            best = _promote(order, start, end, pick) if order[start:end] else 0
            if best and not changed:
                changed = True
                width = min(end, n) - start
                last_start += (width - 1) if last_start != tail and best == width - 1 else 0
            if start == place:
                break
            last_start -= 0 if changed else children
            start, end = start - children, end - children
    return order


def top_k(order: Sequence[int], n: int, k: int) -> list[int]:
    """Return the first k as sorted and all others in first-stage order."""
    head = list(order[:k])
    taken = set(head)
    return head + [candidate for candidate in range(n) if candidate not in taken]
