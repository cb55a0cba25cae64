"""Random scores around 0: the chance baseline of attribute values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import Seed
from zsbench.core.lazy import DoubleArray, np
from zsbench.data.products.product import Product
from zsbench.methods.attribute_values import Linker


@method(family="attribute-values")
def random_values(*, seed: Seed = 0) -> Linker:
    """Draw scores from -1 to 1 that depend on the seed and the product's id only, never on order or batch."""

    def link(_model: Any, values: Sequence[str]) -> Any:
        def score(products: Sequence[Product]) -> DoubleArray:
            draws = (np.random.default_rng(list(f"{seed}:{product.id}".encode())) for product in products)
            return np.stack([draw.uniform(-1, 1, len(values)) for draw in draws])

        return score

    return link
