"""The best k of the dual encoder, scored again by a head that reads caption and image together.

    S     = normalise(text) . normalise(image)^T                  as in dual-encoder
    score = S + matching logit         for the k largest S of a query
    score = S - 3 + (the query's lowest such score)               for the others: below, in the order of S

Source: Li et al. 2021, arXiv:2107.07651; Li et al. 2022, arXiv:2201.12086, section 4.1 (k = 128, on COCO 256).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import Count, Natural
from zsbench.core.ahead import ahead
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.methods.classification import Encoder
from zsbench.methods.image_text import Matcher, Scores
from zsbench.models.capabilities import ImageTextMatcher

# Images decoded and encoded together, with all their pairs.
_AT_ONCE = 64


@method(family="image-text", needs=(ImageTextMatcher,))
def itm_rerank(*, k: Count = 128, keep: Natural = 1000) -> Matcher:
    """Re-rank the dual encoder's candidates by contrastive score plus matching logit.

    Parameters
    ----------
    k : candidates of each query; all of them where the gallery is smaller.
    keep : images whose encoded patches stay in memory (at 384 pixels 1.8 MB each); the rest are encoded again for
        every block of queries.
    """

    def match(encoder: Encoder, texts: Sequence[str], items: Sequence[Any]) -> Scores:
        text, image = encoder.texts(texts), encoder.images(items)
        head = _Head(encoder.model, texts, items, keep)

        def images_for(queries: IntArray, gallery: IntArray) -> FloatArray:
            cosines = np.asarray(text[queries] @ image[gallery].T)
            return reranked(cosines, k, lambda row, column: head.logits(queries[row], gallery[column]))

        def texts_for(queries: IntArray, gallery: IntArray) -> FloatArray:
            cosines = np.asarray(image[queries] @ text[gallery].T)
            return reranked(cosines, k, lambda row, column: head.logits(gallery[column], queries[row]))

        return Scores(images_for, texts_for)

    return match


def reranked(cosines: FloatArray, k: int, logits: Any) -> FloatArray:
    """Return scores (n_queries, n_gallery), each row's k best raised by their matching logits.

    Parameters
    ----------
    cosines : (n_queries, n_gallery); of equal ones the first in the gallery are candidates.
    logits : (rows (n,), columns (n,)) -> matching logits (n,).
    """
    k = min(k, cosines.shape[1])
    columns = np.argsort(-cosines, axis=1, kind="stable")[:, :k].ravel()
    rows = np.repeat(np.arange(len(cosines)), k)
    best = cosines[rows, columns] + logits(rows, columns)
    scores = cosines - 3 + best.reshape(-1, k).min(axis=1, keepdims=True)
    scores[rows, columns] = best
    return np.asarray(scores, dtype=np.float32)


class _Head:
    """Matching logits of (caption, image) pairs; every image is encoded once a call, and the first ones once in all."""

    def __init__(self, model: ImageTextMatcher, texts: Sequence[str], items: Sequence[Any], keep: int) -> None:
        self._model, self._texts, self._items, self._keep = model, texts, items, keep
        self._kept: dict[int, Any] = {}

    def logits(self, captions: IntArray, images: IntArray) -> FloatArray:
        """Return (n,) logits of caption i with image i."""
        logits = np.empty(len(captions), dtype=np.float32)
        distinct = np.unique(images)
        for start in range(0, len(distinct), _AT_ONCE):
            encoded = self._read(distinct[start : start + _AT_ONCE].tolist())
            pairs = np.flatnonzero(np.isin(images, list(encoded)))
            texts = [self._texts[caption] for caption in captions[pairs]]
            logits[pairs] = self._model.match([encoded[number] for number in images[pairs].tolist()], texts)
        return logits

    def _read(self, numbers: list[int]) -> dict[int, Any]:
        """Return what texts are read with, by image number."""
        kept = {number: self._kept[number] for number in numbers if number in self._kept}
        new = [number for number in numbers if number not in kept]
        if not new:
            return kept
        with ahead(lambda number: self._model.prepare(self._items[number].open()), new) as prepared:
            encoded = dict(zip(new, self._model.read_images(prepared[: len(new)]), strict=True))
        self._kept |= {number: encoded[number] for number in new[: self._keep - len(self._kept)]}
        return kept | encoded
