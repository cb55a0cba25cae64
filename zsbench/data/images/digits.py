"""Real handwritten digits: the 1,797 8x8 images that come with scikit-learn."""

from __future__ import annotations

import io
from typing import Any, Literal

from zsbench.config.components import source
from zsbench.data.images.items import ImageItem, ImageSet

SPLITS = {"all": slice(None), "train": slice(900), "validation": slice(900, 1200), "test": slice(1200, None)}


@source(gives="images")
def digits(*, split: Literal["all", "train", "validation", "test"] = "all") -> ImageSet:
    """Read scikit-learn's digits as white strokes on black, grey levels 0..16 scaled to 0..255.

    Parameters
    ----------
    split : all 1,797 images; or, for methods that learn from some, the first 900 (`train`), the next 300
        (`validation`) or the last 597 (`test`), in the file's own order.

    Source: the test part of the Optical Recognition of Handwritten Digits set (Alpaydin & Kaynak 1998, UCI).
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    items = [ImageItem(f"{i:04d}", _reader(image)) for i, image in enumerate(data.images)]
    kept = range(len(items))[SPLITS[split]]
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    return ImageSet([items[i] for i in kept], [int(data.target[i]) for i in kept], names)


def _reader(image: Any) -> Any:
    def read() -> bytes:
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray((image * 255 / 16).round().astype("uint8")).save(buffer, "PNG")
        return buffer.getvalue()

    return read
