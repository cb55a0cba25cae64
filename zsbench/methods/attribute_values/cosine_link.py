"""Link products to values by the cosine of their texts' vectors.

    score[n,v] = cos(x_n, t_v) - threshold

x_n is the vector of the product's text (a query), t_v that of `attribute is value` (a document). A value is predicted
where the score is above 0. The code of HyperPAVE predicts every score above 0 as well; nearly all cosines of text
encoders pass that, which is why the threshold is an option.

Source: Gong & Eldardiry 2024, arXiv:2402.08802, with text vectors in place of the learned graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge, Le

from zsbench.config.components import method
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.vectors import unit_rows
from zsbench.data.products.product import Product
from zsbench.methods.attribute_values import Linker, Scorer, spoken
from zsbench.models.capabilities import TextEncoder


@method(family="attribute-values", needs=(TextEncoder,), shown=("threshold",))
def cosine_link(*, threshold: Annotated[float, Ge(-1), Le(1)] = 0.0) -> Linker:
    """Score values by cosine.

    Parameters
    ----------
    threshold : cosine that a predicted value has to exceed; it moves no rank.
    """

    def link(model: TextEncoder, values: Sequence[str]) -> Scorer:
        columns = _unit(model.encode_documents([spoken(value) for value in values]))

        def score(products: Sequence[Product]) -> DoubleArray:
            rows = _unit(model.encode_queries([product.text for product in products]))
            # Row by row, so that a product's scores do not depend on its batch.
            return np.stack([columns @ row for row in rows]) - threshold

        return score

    return link


def _unit(vectors: object) -> DoubleArray:
    return unit_rows(np.asarray(vectors, dtype=np.float64))
