"""How image files become pixels: options that all sources of images share, declared once.

    @source(gives="images")
    @image_options
    def imagefolder(*, path: LocalPath, decoding: Decoding) -> ImageSet: ...

takes `path`, `orientation`, `alpha` and `max_pixels`, and gets the last three as one `decoding`.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_type_hints

from zsbench.config.components import option_hints
from zsbench.config.options import Count

T = TypeVar("T")
Orientation = Literal["exif", "stored"]
Alpha = Literal["drop", "white", "black"]

MAX_PIXELS = 178_956_970
"""Width times height that an image may have unless `max_pixels` says otherwise; Pillow's own limit."""


@dataclass(frozen=True)
class Decoding:
    """What is done to an image beyond decoding it.

    Attributes
    ----------
    orientation : `exif` turns photographs as their EXIF orientation says, `stored` leaves them as they are stored.
    alpha : `drop` keeps the colours of transparent images as stored; `white` and `black` lay them over that colour.
    max_pixels : width times height above which an image is refused.
    """

    orientation: Orientation = "exif"
    alpha: Alpha = "drop"
    max_pixels: Count = MAX_PIXELS


def image_options(function: Callable[..., T]) -> Callable[..., T]:
    """Give a source the fields of `Decoding` as options, with their documentation, for its argument `decoding`."""
    shared = inspect.signature(Decoding).parameters

    @functools.wraps(function)
    def source(**options: Any) -> T:
        decoding = Decoding(**{name: options.pop(name) for name in shared if name in options})
        return function(**options, decoding=decoding)

    kept = {name: parameter for name, parameter in inspect.signature(function).parameters.items() if name != "decoding"}
    parameters = [*kept.values(), *(parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in shared.values())]
    hints = {**option_hints(function), **get_type_hints(Decoding, include_extras=True)}
    fields = inspect.cleandoc(Decoding.__doc__ or "").partition("-\n")[2]
    source.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    source.__annotations__ = {parameter.name: hints[parameter.name] for parameter in parameters}
    source.__doc__ = re.sub(r"(?m)^decoding :.*", lambda _: fields, inspect.cleandoc(function.__doc__ or ""))
    return source
