"""Rules that compare captions with images: a function that scores every query against a gallery.

A method file returns a `Matcher`: `matcher(encoder, texts, items) -> Scores`. Captions and images are numbered; a
`Scores` gives any block of the matrix (captions x images) in either direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zsbench.core.lazy import lazy
from zsbench.methods.classification import Encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    Index = NDArray[np.int64]
else:
    np = lazy("numpy")


@dataclass(frozen=True)
class Scores:
    """Similarities, computed block by block.

    Attributes
    ----------
    images_for : (captions (n,), images (m,)) -> (n, m), captions looking for images.
    texts_for : (images (n,), captions (m,)) -> (n, m), images looking for captions.
    """

    images_for: Callable[[Index, Index], FloatArray]
    texts_for: Callable[[Index, Index], FloatArray]


Matcher = Callable[[Encoder, Sequence[str], Sequence[Any]], Scores]
