"""Cosine similarity of the two towers of a CLIP-like model.

    S = normalise(text) . normalise(image)^T        (n_captions, n_images), float32

Source: Radford et al. 2021, arXiv:2103.00020; Jia et al. 2021, arXiv:2102.05918.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.core.lazy import np
from zsbench.methods.classification import Encoder
from zsbench.methods.image_text import Matcher, Scores
from zsbench.models.capabilities import ImageTextEncoder


@method(family="image-text", needs=(ImageTextEncoder,))
def dual_encoder() -> Matcher:
    """Rank by cosine; the captions' template is the task's."""

    def match(encoder: Encoder, texts: Sequence[str], items: Sequence[Any]) -> Scores:
        text, image = encoder.texts(texts), encoder.images(items)
        return Scores(lambda t, i: np.asarray(text[t] @ image[i].T), lambda i, t: np.asarray(image[i] @ text[t].T))

    return match
