"""HyperPAVE's inductive split: some values are drawn, and every product that has one leaves the training set whole.

    V, T        n drawn values each
    validation  products with a value of V
    test        the others with a value of T
    train       the rest

All values of a product move with it, so that products of the test set are new, but only some of their values are.

The public code draws without a seed. Source: Gong & Eldardiry 2024, arXiv:2402.08802; github.com/gjiaying/HyperPAVE.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Hashable, Sequence
from typing import TypeVar

from zsbench.core.errors import UserError

Value = TypeVar("Value", bound=Hashable)

TRAIN, VALIDATION, TEST = PARTS = ("train", "validation", "test")


def drawn(values: Sequence[Value], n: int, *, seed: int) -> tuple[list[Value], list[Value]]:
    """Return n values for validation and n others for the test, in the order of their draw.

    Raises
    ------
    UserError
        There are fewer than 2 n values.
    """
    if 2 * n > len(values):
        raise UserError("--n", f"{n} values for validation and {n} for the test, of {len(values)}", "at most half")
    chosen = random.Random(seed).sample(list(values), 2 * n)
    return chosen[:n], chosen[n:]


def parts(
    products: Sequence[Collection[Value]],
    validation: Collection[Value],
    test: Collection[Value],
    *,
    where: str = "",
) -> list[str]:
    """Return the part that each product, given by its values, belongs to; `where` the values come from, for messages.

    Raises
    ------
    UserError
        A value is drawn for both.

    Examples
    --------
    >>> parts([{"a", "b"}, {"b", "c"}, {"c"}, {"d"}], validation=["a"], test=["b"])
    ['validation', 'test', 'train', 'train']
    """
    for_validation, for_test = set(validation), set(test)
    both = [value for value in test if value in for_validation]
    if both:
        raise UserError(where, f"value '{both[0]}' is drawn for validation and for the test", "each value once")
    return [
        VALIDATION if for_validation & set(values) else TEST if for_test & set(values) else TRAIN for values in products
    ]
