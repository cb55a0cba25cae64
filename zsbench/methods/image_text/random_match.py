"""Random similarities: the chance row of image-text matching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import Seed
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.methods.classification import Encoder
from zsbench.methods.image_text import Matcher, Scores


@method(family="image-text")
def random_match(*, seed: Seed = 0) -> Matcher:
    """Draw scores that depend on the seed and the two numbers only, never on block or order."""

    def match(_encoder: Encoder, _texts: Sequence[str], _items: Sequence[Any]) -> Scores:
        def draw(queries: IntArray, gallery: IntArray) -> FloatArray:
            rows = [np.random.default_rng([seed, int(q)]).random(int(gallery.max()) + 1)[gallery] for q in queries]
            return np.asarray(rows, dtype=np.float32)

        return Scores(draw, draw)

    return match
