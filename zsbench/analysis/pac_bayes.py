"""PAC-Bayes bounds on the test error of a classifier that consists of prompts.

    KL        = - log P(prompts)                         nats; the posterior is the prompts themselves
    uniform   : KL = n_tokens ln(vocabulary)
    LM prior  : KL = - sum over prompts, sum over tokens of log p(token | earlier tokens of the prompt)

    McAllester: R <= r + sqrt( (KL + ln(n / delta) + 2) / (2n - 1) )
    Seeger    : kl(r || R) <= (KL + ln(2 sqrt(n) / delta)) / n          solved for the largest R
    union     : R <= r + sqrt( (KL + ln(1 / delta)) / 2n )

r is the 0/1 error on the n images that the prompts were chosen with; a bound holds with probability 1 - delta over
the draw of these images, for a prior that was fixed before seeing them.

Source: McAllester 1999; Seeger 2002 and Maurer 2004; Akinwande et al. 2023, arXiv:2310.03957.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Upper bounds on the test error; `mcallester` and `union` may exceed 1, which says nothing: see `clipped`."""

    mcallester: float
    seeger: float
    union: float


def kl_of_tokens(token_logprobs: Iterable[Iterable[float]]) -> float:
    """Return KL in nats from natural-log token probabilities of each prompt: their negative sum, not a mean."""
    return -math.fsum(value for prompt in token_logprobs for value in prompt)


def kl_uniform(n_tokens: int, vocabulary: int) -> float:
    """Return KL in nats under a prior uniform over token sequences: `n_tokens` of `vocabulary` possible ones."""
    return n_tokens * math.log(vocabulary)


def bounds(error: float, kl: float, n: int, *, delta: float = 0.01) -> Bounds:
    """Return the three bounds.

    Parameters
    ----------
    error : 0/1 error on the images the prompts were chosen with, 0 to 1.
    kl : nats.
    n : number of these images.
    delta : probability that a bound fails.

    Raises
    ------
    ValueError
        An argument is out of its range.
    """
    if not (0 <= error <= 1 and kl >= 0 and n >= 1 and 0 < delta < 1):
        raise ValueError(f"error {error}, KL {kl}, n {n}, delta {delta}")
    return Bounds(mcallester(error, kl, n, delta), seeger(error, kl, n, delta), union(error, kl, n, delta))


def mcallester(error: float, kl: float, n: int, delta: float) -> float:
    """Return McAllester's bound, not clipped."""
    return error + math.sqrt((kl + math.log(n / delta) + 2) / (2 * n - 1))


def union(error: float, kl: float, n: int, delta: float) -> float:
    """Return the union bound over prompts weighed by the prior (Occam's bound, with Hoeffding's inequality)."""
    return error + math.sqrt((kl - math.log(delta)) / (2 * n))


def seeger_budget(kl: float, n: int, delta: float) -> float:
    """Return the largest kl(r || R) that Seeger's bound allows, in nats."""
    return (kl + math.log(2 * math.sqrt(n) / delta)) / n


def seeger(error: float, kl: float, n: int, delta: float) -> float:
    """Return the largest R >= r with kl(r || R) within the budget; it never exceeds 1."""
    budget = seeger_budget(kl, n, delta)
    low, high = error, 1.0
    # kl(r || R) grows with R from r on, so halving the interval 100 times leaves nothing of it.
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if binary_kl(error, middle) <= budget else (low, middle)
    return low


def binary_kl(r: float, big_r: float) -> float:
    """Return kl(r || R) between two coins, in nats; infinite where R excludes what r allows."""
    total = 0.0
    for p, q in ((r, big_r), (1 - r, 1 - big_r)):
        if p > 0:
            total += p * math.log(p / q) if q > 0 else math.inf
    return total


def clipped(bound: float) -> float:
    """Return the bound as a statement about an error: at most 1."""
    return min(1.0, bound)
