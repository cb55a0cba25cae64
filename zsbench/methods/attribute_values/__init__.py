"""Attribute-value rules: from products and candidate values to a score matrix.

A method file returns a `Linker`, called once as `linker(model, values)`; what it returns scores batches of products,
(n_products, n_values). A value is predicted where its score is above 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.lazy import DoubleArray
from zsbench.data.products.product import Product

Scorer = Callable[[Sequence[Product]], DoubleArray]
Linker = Callable[[Any, Sequence[str]], Scorer]


def spoken(value: str) -> str:
    """Return a value as a phrase, `Color is Red` for `Color: Red`, as the code of HyperPAVE words it."""
    return value.replace(":", " is")
