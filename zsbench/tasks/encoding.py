"""Image and text features of one model on one data set, encoded once and kept in the cache.

Images are cached in chunks that start at fixed places of the item list, so that an interrupted run, another
batch size or another rule finds the same entries; memory holds one chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zsbench.core import doubts
from zsbench.core.ahead import ahead
from zsbench.core.batching import distinct, map_batches
from zsbench.core.context import RunContext
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.records import digest
from zsbench.data.vectors.features import FeatureRow
from zsbench.methods.classification import normalise
from zsbench.models.capabilities import ImageTextEncoder

CHUNK = 1024
# Numbers of text features kept in memory, so that rules that ask for the same prompts in other groups find them.
REMEMBERED = 2**27
# Raised when the encoding step changes, so that no older feature is ever mixed in.
VERSION = "1"


@dataclass
class ImageBatch:
    """One chunk of images; features are computed when a rule asks for them."""

    items: Sequence[Any]
    encode: Callable[[], FloatArray]

    @cached_property
    def raw(self) -> FloatArray:
        """Image features (n_images, width) as the model gives them."""
        return self.encode()

    @cached_property
    def features(self) -> FloatArray:
        """L2-normalised image features (n_images, width)."""
        return _unit(self.raw, self.items, "image features")


class Features:
    """Encodes through the cache; stands between a rule and the encoder.

    Parameters
    ----------
    model : the encoder, or None for rules that need none.
    run : cache, batch size, seed, cost counters, notes.
    items : all images of the task, in order.
    """

    def __init__(self, model: ImageTextEncoder | None, run: RunContext, items: Sequence[Any]) -> None:
        self.model, self.run, self.items, self.seed = model, run, items, run.seed
        if facts := getattr(model, "facts", None):
            run.notes["model"] = facts

    def note(self, key: str, value: Any) -> None:
        """Record a choice made on the way in the result."""
        self.run.notes[key] = value

    def warn(self, text: str) -> None:
        """Record a doubt that stands beside the result in every table; several stand side by side."""
        before = str(self.run.notes.get("warning", ""))
        if text not in before:
            self.note("warning", doubts.joined(before, text))

    def texts(self, texts: Sequence[str]) -> FloatArray:
        """Return L2-normalised features (n_texts, width); each distinct text is encoded once."""
        assert self.model is not None
        model, unique = self.model, list(dict.fromkeys(texts))
        self.run.prompts |= dict.fromkeys(unique)
        self.note("prompts", {"count": len(self.run.prompts), "digest": digest(self.run.prompts)})
        key = ["text-features", VERSION, model.fingerprint, model.dtype]
        known: dict[str, FloatArray] = self.run.cache.memory.setdefault(digest(key), {})
        missing = [text for text in unique if text not in known]
        fresh: dict[str, FloatArray] = {}
        if missing:
            rows = self.run.cache.array(
                [*key, *missing], lambda: map_batches(model.encode_texts, missing, self.run.batch_size)
            )
            fresh = dict(zip(missing, rows, strict=True))
            if (len(known) + len(fresh)) * rows.shape[1] <= REMEMBERED:
                known |= fresh
        found = {text: known[text] if text in known else fresh[text] for text in unique}
        return _unit(np.stack([found[text] for text in texts]), texts, "text features")

    def images(self, items: Sequence[Any], *, raw: bool = False) -> FloatArray:
        """Return features (n_images, width) of any images, all in memory: of length 1, or as the model gives them."""
        parts = [self._images(items[start : start + CHUNK]) for start in range(0, len(items), CHUNK)]
        found = np.concatenate(parts)
        return found if raw else _unit(found, items, "image features")

    def chunks(self) -> Iterator[FloatArray]:
        """Yield the test images' features in order, `CHUNK` rows at a time."""
        for _, batch in self.batches(range(len(self.items))):
            yield batch.features

    def batches(self, todo: range) -> Iterator[tuple[int, ImageBatch]]:
        """Yield (first item number, batch) so that batches cover `todo` in order."""
        for chunk in range(todo.start // CHUNK * CHUNK, todo.stop, CHUNK):
            start, stop = max(chunk, todo.start), min(chunk + CHUNK, todo.stop)
            whole = self.items[chunk : chunk + CHUNK]
            yield (
                start,
                ImageBatch(self.items[start:stop], self._encoder(whole, slice(start - chunk, stop - chunk))),
            )

    def _encoder(self, chunk: Sequence[Any], part: slice) -> Callable[[], FloatArray]:
        return lambda: self._images(chunk)[part]

    def _images(self, chunk: Sequence[Any]) -> FloatArray:
        assert self.model is not None
        model, before = self.model, self.run.cost.images
        # A text prefix makes another model, but not of the images.
        identity = getattr(model, "image_fingerprint", model.fingerprint)
        digests = [item.digest() for item in chunk]
        key = ["image-features", VERSION, identity, model.dtype, *digests]

        def encode() -> FloatArray:
            # The same image twice gets one feature, so that rounding does not order what is equal.
            places, row_of = distinct(digests)
            with ahead(lambda item: _prepared(model, item), [chunk[place] for place in places]) as prepared:
                found: FloatArray = map_batches(model.encode_images, prepared, self.run.batch_size)
            return found[row_of]

        found = self.run.cache.array(key, encode)
        if self.run.cost.images == before:
            self.run.cost.images_cached += len(set(digests))
        return found


def _prepared(model: ImageTextEncoder, item: Any) -> Any:
    """Return what the model makes of an opened item."""
    opened = item.open()
    try:
        return model.prepare(opened)
    except AttributeError:
        if isinstance(opened, FeatureRow):
            found = "the data are feature vectors, and the model reads pixels"
            raise UserError(item.id, found, "a model with `adapter: features`") from None
        raise


def _unit(rows: FloatArray, of: Sequence[Any], what: str) -> FloatArray:
    """Return rows of length 1.

    Raises
    ------
    RunError
        A row is NaN or zero; the message names its item or text.
    """
    try:
        return normalise(rows, what=what)
    except ValueError:
        lengths = np.linalg.norm(rows, axis=-1)
        bad = int(np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))[0])
        raise RunError(str(getattr(of[bad], "id", of[bad])), f"its {what} are NaN or zero") from None
