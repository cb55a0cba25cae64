"""Real handwritten digits: the 1,797 8x8 images that come with scikit-learn."""

from __future__ import annotations

import io
from typing import Any

from zsbench.components import source
from zsbench.data._images import ImageItem, ImageSet


@source(gives="images")
def digits() -> ImageSet:
    """Read scikit-learn's digits as white strokes on black, grey levels 0..16 scaled to 0..255.

    Source: the test part of the Optical Recognition of Handwritten Digits set (Alpaydin & Kaynak 1998, UCI).
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    items = [ImageItem(f"{i:04d}", _reader(image)) for i, image in enumerate(data.images)]
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    return ImageSet(items, [int(label) for label in data.target], names)


def _reader(image: Any) -> Any:
    def read() -> bytes:
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray((image * 255 / 16).round().astype("uint8")).save(buffer, "PNG")
        return buffer.getvalue()

    return read
