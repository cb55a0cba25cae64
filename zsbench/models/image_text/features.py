"""Features from a file instead of a network: for data read by the source `features`.

The images' vectors come with the items. The texts' come from `texts`, an .npz, safetensors or parquet file, looked up
by the text itself or by the class name; or from `text_model`, whose text tower encodes the prompts.

    texts (n,), text_features (n, width)                    or
    class_names (n_classes,), class_embeddings (n_classes, width)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import LocalPath, ModelRef, Positive
from zsbench.core import arrays, jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.records import Cost
from zsbench.core.words import number_of
from zsbench.core.yamlio import shown
from zsbench.data.vectors.features import FeatureRow
from zsbench.models import references, runtime
from zsbench.models.capabilities import ImageTextEncoder, RegionEncoder

# (names, vectors): the two layouts of a text file.
_LAYOUTS = (("texts", "text_features"), ("class_names", "class_embeddings"))


def _files(options: dict[str, Any]) -> list[str]:
    named = [options[key] for key in ("texts", "classes") if options.get(key)]
    encoder = options.get("text_model")
    return [*named, *(references.files([str(encoder)], "text_model") if encoder else [])]


def _check(options: dict[str, Any]) -> None:
    _one_of(options["texts"], options["text_model"])


def _one_of(texts: str | None, text_model: str | None) -> None:
    if (texts is None) == (text_model is None):
        found = "neither" if texts is None else "both"
        raise UserError("texts", f"{found} of texts and text_model", "one of the two", "text features are needed")


@declare(offers=(ImageTextEncoder, RegionEncoder), files=_files)
@companions(("classes", "texts"), check=_check)
def features(
    *,
    texts: LocalPath | None = None,
    text_model: ModelRef | None = None,
    classes: LocalPath | None = None,
    logit_scale: Positive | None = None,
) -> FileFeatures:
    """Take features from files.

    Parameters
    ----------
    texts : file of text features; may be the data's own file.
    text_model : encodes the prompts instead: a model config's name, `ADAPTER:MODEL`, or a folder.
    classes : names of the rows of `class_embeddings`, one a line, where the text file does not name them.
    logit_scale : the encoder's own exp(logit_scale); by default the text model's, 100 for texts of a file.

    Raises
    ------
    UserError
        Neither or both of `texts` and `text_model`, or a text file in neither layout.
    """
    _one_of(texts, text_model)
    if texts is not None:
        return FileFeatures(_read(Path(texts), classes), texts, None, logit_scale or 100.0)
    encoder = references.image_text_encoder(str(text_model), "text_model")
    return FileFeatures({}, "", encoder, logit_scale or encoder.logit_scale)


class FileFeatures:
    """A `RegionEncoder` that computes nothing about images."""

    device, dtype = "cpu", "float32"

    def __init__(self, table: dict[str, FloatArray], file: str, text_model: Any, logit_scale: float) -> None:
        self._table, self._file, self._text_model, self.logit_scale = table, file, text_model, logit_scale
        self.logit_bias = getattr(text_model, "logit_bias", None)
        self.at_hand = frozenset({"images", "texts"} if table else {"images"})
        """What is only looked up, so that keeping it in the cache would be a copy."""
        vectors = table.values() if table else text_model.encode_texts([""])
        self._width = len(next(iter(vectors)))
        self.cost = Cost()
        parts = [text_model.fingerprint] if text_model is not None else []
        self.fingerprint = runtime.fingerprint(["features", "1", *parts], [file] if file else [])
        self.facts = {"texts": len(table)} if table else {"text_model": getattr(text_model, "facts", {})}

    def prepare(self, image: Any) -> FeatureRow:
        """Return the row as it is.

        Raises
        ------
        UserError
            The item is a real image.
        """
        if not isinstance(image, FeatureRow):
            raise UserError("model features", "images to encode", "data with `source: features`")
        return image

    def encode_images(self, prepared: Sequence[FeatureRow]) -> FloatArray:
        """Return the items' vectors (n_images, width)."""
        return self._checked(np.stack([row.vector for row in prepared]))

    def encode_regions(self, prepared: Sequence[FeatureRow]) -> FloatArray:
        """Return the vectors of the items' regions (n_images, n_regions, width).

        Raises
        ------
        UserError
            The data has none.
        """
        regions = [row.regions for row in prepared if row.regions is not None]
        if len(regions) < len(prepared):
            raise UserError("model features", "the data has no vectors of regions", "an array `query_features`")
        return self._checked(np.stack(regions))

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Return text features (n_texts, width) from the file, or by the text model.

        Raises
        ------
        UserError
            The file lacks a text.
        """
        if self._text_model is not None:
            self._text_model.cost = self.cost
            encoded: FloatArray = self._text_model.encode_texts(texts)
            return encoded
        missing = [text for text in texts if text not in self._table]
        if missing:
            found = f"no features for {len(missing)} of {len(texts)} texts (first: '{missing[0]}')"
            hint = 'class names alone are asked for with `templates: ["{}"]`'
            raise UserError(shown(Path(self._file)), found, "every prompt of the task", hint)
        return np.stack([self._table[text] for text in texts])

    def _checked(self, vectors: FloatArray) -> FloatArray:
        if vectors.shape[-1] != self._width:
            found = f"image vectors of width {vectors.shape[-1]}, text vectors of width {self._width}"
            raise UserError(shown(Path(self._file)) if self._file else "text_model", found, "one width")
        return vectors


def _read(file: Path, classes: str | None) -> dict[str, FloatArray]:
    """Return the vector of each text of a file."""
    held = arrays.read(file)
    layout = next((layout for layout in _LAYOUTS if layout[1] in held), None)
    if layout is None:
        expected = " or ".join(f"`{names}` and `{vectors}`" for names, vectors in _LAYOUTS)
        raise UserError(shown(file), f"arrays {', '.join(sorted(held)) or 'none'}", expected)
    names_key, vectors_key = layout
    vectors = arrays.rows(held, vectors_key, file)
    where = f"{shown(file)}: array '{names_key}'"
    if classes is None:
        names = arrays.texts(arrays.pick(held, names_key, file), where)
    else:
        names = jsonfiles.texts(Path(classes))
        where = shown(Path(classes))
    if len(names) != len(vectors):
        raise UserError(where, number_of(len(names), "text"), f"{len(vectors)}, one a row of `{vectors_key}`")
    table: dict[str, FloatArray] = {}
    for name, vector in zip(names, vectors, strict=True):
        if not np.array_equal(table.setdefault(name, vector), vector):
            raise UserError(where, f"text '{name}' stands twice, with different features", "one vector a text")
    return table
