"""Image files as 8-bit RGB by one stated rule, for every data source, task and model.

Formats are BMP, GIF (its first frame), JPEG, PBM/PGM/PPM, PNG, TIFF (its first page) and WebP, told apart by content.

- Greys of 16 bits are scaled, round(255 v / 65535); TIFF's greys of 12 bits by 4095. Signed, 32-bit and float greys are
  scaled from the range that TIFF's tags SMinSampleValue and SMaxSampleValue declare; without them, or with a value
  outside, the image is an error: nothing is clipped. Of 16-bit colours Pillow reads the high byte.
- An alpha channel is dropped and the colours stay as they are stored, as torchvision's loaders do, or the image is laid
  over white or black (`alpha: white`); counted.
- Photographs are turned as their EXIF orientation says (`orientation: exif`), or left as stored (`stored`); counted.
- 1-bit, palette, CMYK, YCbCr and HSV images are converted by Pillow; colour profiles are not applied.

Whatever a decoder raises is a `BrokenImage` that names the item.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from zsbench.core.errors import RunError
from zsbench.data.images import _greys
from zsbench.data.images.decoding import Alpha, Decoding

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
SUFFIXES = frozenset(
    ".bmp .gif .jfif .jpe .jpeg .jpg .pbm .pgm .png .pnm .ppm .tif .tiff .webp".split()  # noqa: SIM905 - read as a line
)

TURNED = "images turned by their EXIF orientation"
NOT_TURNED = "images left as stored against their EXIF orientation"
ALPHA = {
    "drop": "images whose alpha channel is dropped",
    "white": "images with an alpha channel, laid over white",
    "black": "images with an alpha channel, laid over black",
}
SCALED = "grey images of more than 8 bits, scaled to 8"

_PILLOW = re.compile(r"PIL(\.|$)")
_ORIENTATION_TAG = 0x0112
# What turns an image of an orientation upright, as names of `PIL.Image.Transpose`.
_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
# Where one of these stands in a file, its orientation is worth looking for.
_MARKS = (b"Exif", b"eXIf", b"EXIF", b"profile type exif", b"tiff:Orientation", b"com.adobe.xmp")


class BrokenImage(RunError):
    """An image that cannot be decoded; a task may leave it out and count it."""


def open_image(data: bytes, where: str, decoding: Decoding = Decoding()) -> Image:
    """Return an encoded image as RGB.

    Raises
    ------
    BrokenImage
        No image of a known format, damaged, larger than `max_pixels`, or greys of an unknown range; names `where`.
    """
    try:
        with _header(data, decoding) as image:
            orientation = _orientation(image, data)
            image.load()
            return _turned(image, to_rgb(image, decoding.alpha), orientation, decoding)
    except BrokenImage as error:
        raise BrokenImage(where, error.found, error.expected, error.hint) from None
    except Exception as error:
        # Pillow's decoders raise OSError, SyntaxError, ValueError, OverflowError, struct.error and more.
        raise BrokenImage(where, f"cannot be decoded as an image{_reason(error)}") from None


def finished(image: Image, where: str, decoding: Decoding = Decoding()) -> Image:
    """Return an image that a library has decoded as RGB by the same rules.

    Raises
    ------
    BrokenImage
        As `open_image`.
    """
    try:
        return _turned(image, to_rgb(image, decoding.alpha), _orientation(image), decoding)
    except Exception as error:
        raise BrokenImage(where, f"cannot be decoded as an image{_reason(error)}") from None


def to_rgb(image: Image, alpha: Alpha = "drop") -> Image:
    """Return a decoded image as 8-bit RGB by the rules above; an RGB image is returned as it is.

    Raises
    ------
    ValueError
        Greys whose range is not known, or with values outside of it; a mode that has no conversion.
    """
    from PIL import Image

    if _greys.deep(image):
        return _greys.scaled(image)
    if image.mode in ("RGBa", "La"):
        image = image.convert(image.mode[:-1] + "A")
    if alpha != "drop" and _transparent(image):
        ground = Image.new("RGBA", image.size, alpha)
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _transparent(image: Image) -> bool:
    return image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info


def traits(data: bytes, decoding: Decoding = Decoding()) -> list[str]:
    """Return what the rules above do to an encoded image beyond decoding it, read from its header: names of counts."""
    try:
        with _header(data, decoding) as image:
            return traits_of(image, decoding, data)
    except Exception:
        # Decoding it says what is wrong.
        return []


def traits_of(image: Image, decoding: Decoding = Decoding(), data: bytes | None = None) -> list[str]:
    """Return the same of an image that is open; `data` are the bytes behind one that is not decoded."""
    names = [ALPHA[decoding.alpha]] if _transparent(image) else []
    names += [SCALED] if _greys.deep(image) else []
    if _orientation(image, data) in _UPRIGHT:
        names.append(TURNED if decoding.orientation == "exif" else NOT_TURNED)
    return names


def digest(data: bytes, done: Iterable[str]) -> str:
    """Return the digest of an encoded image and of its `traits`, as its pixels depend on both."""
    state = hashlib.blake2b(data, digest_size=16)
    for name in done:
        # What Pillow's own conversion does has always been so.
        if name != ALPHA["drop"]:
            state.update(name.encode())
    return state.hexdigest()


def _header(data: bytes, decoding: Decoding) -> Image:
    """Return the image with its header read, its pixels not."""
    from PIL import Image, UnidentifiedImageError

    _quiet()
    # Pillow refuses twice as many pixels as its limit; it must not refuse what the user allows.
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, decoding.max_pixels)
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise BrokenImage("", "cannot be decoded as an image") from None
    except Image.DecompressionBombError as error:
        number = re.search(r"[0-9]+", str(error))
        raise _too_large(int(number[0]) if number else 2 * Image.MAX_IMAGE_PIXELS, decoding) from None
    n_pixels = image.size[0] * image.size[1]
    if n_pixels > decoding.max_pixels:
        raise _too_large(n_pixels, decoding)
    return image


def _too_large(n_pixels: int, decoding: Decoding) -> BrokenImage:
    return BrokenImage("", f"{n_pixels} pixels", f"at most {decoding.max_pixels}", "option `max_pixels` of the data")


def _quiet() -> None:
    """Keep Pillow's warnings off the screen: what they speak of is counted, an error, or changes no pixel."""
    if not any(entry[3] == _PILLOW for entry in warnings.filters):
        warnings.filterwarnings("ignore", module=_PILLOW.pattern)
        logging.getLogger("PIL").addHandler(logging.NullHandler())


def _orientation(image: Image, data: bytes | None = None) -> int:
    """Return the EXIF orientation 1 to 8, 1 where there is none or its block cannot be read."""
    if image.format == "JPEG" and not image.info.keys() & {"exif", "xmp"}:
        return 1  # It stands before the pixels, so that reading the header has met it.
    # Asking Pillow decodes a PNG file that has no such block.
    if data is not None and image.format not in ("JPEG", "TIFF") and not any(mark in data for mark in _MARKS):
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:
        # Viewers show an image with a damaged EXIF block as it is stored.
        return 1


def _turned(loaded: Image, rgb: Image, orientation: int, decoding: Decoding) -> Image:
    """Return the image upright, or as it is stored. Pillow itself turns TIFF files when it loads them."""
    from PIL.Image import Transpose

    by_pillow = loaded.format == "TIFF"
    if orientation in _UPRIGHT:
        # Never the loaded image itself, which would still tell its orientation to whoever asks.
        back = {6: 8, 8: 6}.get(orientation, orientation)
        method = Transpose[_UPRIGHT[back if by_pillow else orientation]]
        rgb = rgb.copy() if by_pillow == (decoding.orientation == "exif") else rgb.transpose(method)
    rgb.info = {}
    return rgb


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f" ({text or type(error).__name__})"
