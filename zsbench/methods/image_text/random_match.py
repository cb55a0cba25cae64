"""Random similarities: the chance row of image-text matching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zsbench.config.components import method
from zsbench.config.options import Seed
from zsbench.core.lazy import lazy
from zsbench.methods.classification import Encoder
from zsbench.methods.image_text import Matcher, Scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    Index = NDArray[np.int64]
else:
    np = lazy("numpy")


@method(family="image-text")
def random_match(*, seed: Seed = 0) -> Matcher:
    """Draw scores that depend on the seed and the two numbers only, never on block or order."""

    def match(_encoder: Encoder, _texts: Sequence[str], _items: Sequence[Any]) -> Scores:
        def draw(queries: Index, gallery: Index) -> FloatArray:
            rows = [np.random.default_rng([seed, int(q)]).random(int(gallery.max()) + 1)[gallery] for q in queries]
            return np.asarray(rows, dtype=np.float32)

        return Scores(draw, draw)

    return match
