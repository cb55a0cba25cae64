"""Rules that compare captions with images: a function that scores every query against a gallery.

A method file returns a `Matcher`: `matcher(encoder, texts, items) -> Scores`. Captions and images are numbered; a
`Scores` gives any block of the matrix (captions x images) in either direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.lazy import FloatArray, IntArray
from zsbench.methods.classification import Encoder


@dataclass(frozen=True)
class Scores:
    """Similarities, computed block by block.

    Attributes
    ----------
    images_for : (captions (n,), images (m,)) -> (n, m), captions looking for images.
    texts_for : (images (n,), captions (m,)) -> (n, m), images looking for captions.
    """

    images_for: Callable[[IntArray, IntArray], FloatArray]
    texts_for: Callable[[IntArray, IntArray], FloatArray]


Matcher = Callable[[Encoder, Sequence[str], Sequence[Any]], Scores]
