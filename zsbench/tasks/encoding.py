"""Image and text features of one model on one data set, encoded once and kept in the cache.

Every image and every text is kept by what it holds, so that an interrupted run, another rule, one more template or a
part of the data finds what is there. Images go through in chunks; memory holds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import Any

from zsbench.core.ahead import ahead
from zsbench.core.batching import distinct, map_batches
from zsbench.core.context import RunContext
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.records import RunningDigest, digest
from zsbench.data.vectors.features import FeatureRow
from zsbench.methods.classification import normalise
from zsbench.models.capabilities import ImageTextEncoder

CHUNK = 1024
# Numbers of text features kept in memory, so that rules that ask for the same prompts in other groups find them.
REMEMBERED = 2**27
# Raised when the encoding step changes, so that no older feature is ever mixed in.
VERSION = "2"


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
        self._prompts_digest, self._n_digested = RunningDigest(), 0

    def note(self, key: str, value: Any) -> None:
        """Record a choice made on the way in the result."""
        self.run.notes[key] = value

    def warn(self, text: str) -> None:
        """Record a doubt that stands beside the result in every table; several stand side by side."""
        self.run.warn(text)

    def texts(self, texts: Sequence[str]) -> FloatArray:
        """Return L2-normalised features (n_texts, width); each distinct text is encoded once."""
        assert self.model is not None
        model, unique = self.model, list(dict.fromkeys(texts))
        self._note_prompts(unique)
        key = ["text-features", VERSION, model.fingerprint, model.dtype]
        remembered: dict[str, FloatArray] = self.run.cache.memory.setdefault(digest(key), {})
        vectors = {text: remembered[text] for text in unique if text in remembered}
        missing = [text for text in unique if text not in vectors]

        def encode(places: list[int]) -> FloatArray:
            encoded: FloatArray = map_batches(model.encode_texts, [missing[i] for i in places], self.run.batch_size)
            return encoded

        if missing:
            at_hand = "texts" in getattr(model, "at_hand", ())
            rows = model.encode_texts(missing) if at_hand else self.run.cache.rows(key, missing, encode)[0]
            vectors |= zip(missing, rows, strict=True)
            if (len(remembered) + len(missing)) * rows.shape[1] <= REMEMBERED:
                remembered |= zip(missing, rows, strict=True)
        return _unit(np.stack([vectors[text] for text in texts]), texts, "text features")

    def _note_prompts(self, texts: Sequence[str]) -> None:
        """Record how many texts the model was given, and the digest of them all."""
        prompts = self.run.prompts
        prompts |= dict.fromkeys(texts)
        new = islice(prompts, self._n_digested, None)
        self.note("prompts", {"count": len(prompts), "digest": self._prompts_digest.add(new)})
        self._n_digested = len(prompts)

    def images(self, items: Sequence[Any], *, raw: bool = False) -> FloatArray:
        """Return features (n_images, width) of any images, all in memory: of length 1, or as the model gives them."""
        rows = self._images(items)
        return rows if raw else _unit(rows, items, "image features")

    def chunks(self) -> Iterator[FloatArray]:
        """Yield the test images' features in order, `CHUNK` rows at a time."""
        for _, batch in self.batches(range(len(self.items))):
            yield batch.features

    def batches(self, todo: range) -> Iterator[tuple[int, ImageBatch]]:
        """Yield (first item number, batch) so that batches cover `todo` in order."""
        for chunk in range(todo.start // CHUNK * CHUNK, todo.stop, CHUNK):
            start, stop = max(chunk, todo.start), min(chunk + CHUNK, todo.stop)
            items = self.items[start:stop]
            yield start, ImageBatch(items, partial(self._images, items))

    def _images(self, items: Sequence[Any]) -> FloatArray:
        assert self.model is not None
        model = self.model
        if "images" in getattr(model, "at_hand", ()):
            return model.encode_images([_prepared(model, item) for item in items])
        # A text prefix makes another model, but not of the images.
        identity = getattr(model, "image_fingerprint", model.fingerprint)
        digests = [item.digest() for item in items]
        # The same image twice gets one feature, so that rounding does not order what is equal.
        places, row_of = distinct(digests)

        def encode(missing: list[int]) -> FloatArray:
            with ahead(lambda item: _prepared(model, item), [items[places[i]] for i in missing]) as prepared:
                encoded: FloatArray = map_batches(model.encode_images, prepared, self.run.batch_size)
            return encoded

        names = [digests[place] for place in places]
        key = ["image-features", VERSION, identity, model.dtype]
        rows, n_cached = self.run.cache.rows(key, names, encode)
        self.run.cost.images_cached += n_cached
        return rows if len(names) == len(items) else rows[row_of]


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
