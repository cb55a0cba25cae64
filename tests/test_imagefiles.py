"""Encoded images become RGB by the stated rules, whatever format, mode or orientation; damaged ones name the item."""

import hashlib
import io
import os
import random
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from zsbench.data.images.decoding import Decoding
from zsbench.data.images.imagefiles import (
    ALPHA,
    NOT_TURNED,
    SCALED,
    TURNED,
    BrokenImage,
    open_image,
    to_rgb,
    traits,
)
from zsbench.data.images.items import ImageItem, count_traits

GREY = np.random.default_rng(0).integers(0, 256, (6, 8), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
ORIENTATION, SMALLEST, LARGEST = 274, 340, 341


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(data, **options):
    image = open_image(data, "x", Decoding(**options))
    assert image.mode == "RGB"
    return np.asarray(image)


def three(grey):
    return np.repeat(grey[..., None], 3, axis=2)


def pgm(values, top):
    header = f"P5\n{values.shape[1]} {values.shape[0]}\n{top}\n".encode()
    return header + values.astype(">u2").tobytes()


DEEP = GREY.astype(np.uint16) * 257
SIXTEEN = {
    "png": encoded(Image.fromarray(DEEP)),
    "tiff": encoded(Image.fromarray(DEEP), "TIFF"),
    "tiff, big-endian": encoded(Image.frombytes("I;16B", (8, 6), DEEP.astype(">u2").tobytes()), "TIFF"),
    "tiff, compressed": encoded(Image.fromarray(DEEP), "TIFF", compression="tiff_lzw"),
    "pgm": pgm(DEEP, 65535),
    "pgm, up to 1020": pgm(GREY.astype(np.uint16) * 4, 1020),
    "tiff, white is zero": encoded(Image.fromarray(65535 - DEEP), "TIFF", tiffinfo={262: 0}),
    "tiff, signed": encoded(
        Image.fromarray(GREY.astype(np.int32) - 100), "TIFF", tiffinfo={SMALLEST: -100, LARGEST: 155}
    ),
    "tiff, float": encoded(
        Image.fromarray(GREY.astype(np.float32) / 255), "TIFF", tiffinfo={SMALLEST: 0.0, LARGEST: 1.0}
    ),
}


@pytest.mark.parametrize("kind", SIXTEEN)
def test_deep_greys_are_the_same_grey_levels_in_8_bits(kind):
    assert (pixels(SIXTEEN[kind]) == three(GREY)).all()
    assert traits(SIXTEEN[kind]) == [SCALED]


def test_every_16_bit_value_is_rounded():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    found = pixels(encoded(Image.fromarray(values)))[..., 0]
    assert (found == np.rint(values / 257)).all()


@pytest.mark.parametrize(
    ("values", "tags", "message"),
    [
        (GREY.astype(np.float32), {}, "float greys whose range is not declared"),
        (GREY.astype(np.int32), {}, "32-bit or signed greys whose range is not declared"),
        (GREY.astype(np.float32), {SMALLEST: 0.0, LARGEST: 1.0}, "values outside of the declared range 0 to 1"),
        (np.full((2, 2), np.nan, np.float32), {SMALLEST: 0.0, LARGEST: 1.0}, "values outside of the declared range"),
        (GREY.astype(np.float32), {SMALLEST: 0.0, LARGEST: float("inf")}, "float greys whose range is not declared"),
        (np.full((2, 2), -1, np.int32), {SMALLEST: 0, LARGEST: 9}, "values outside of the declared range 0 to 9"),
    ],
)
def test_nothing_is_clipped_where_no_range_fits(values, tags, message):
    with pytest.raises(BrokenImage, match=f"^x: cannot be decoded.*{message}"):
        pixels(encoded(Image.fromarray(values), "TIFF", tiffinfo=tags))
    with pytest.raises(ValueError, match="greys whose range"):
        to_rgb(Image.fromarray(values))


EIGHT = {
    "1": encoded(Image.fromarray(GREY).convert("1")),
    "L": encoded(Image.fromarray(GREY)),
    "P": encoded(Image.fromarray(COLOUR).convert("P")),
    "RGB": encoded(Image.fromarray(COLOUR)),
    "RGB jpeg": encoded(Image.fromarray(COLOUR), "JPEG"),
    "L jpeg": encoded(Image.fromarray(GREY), "JPEG"),
    "CMYK jpeg": encoded(Image.fromarray(COLOUR).convert("CMYK"), "JPEG"),
    "CMYK tiff": encoded(Image.fromarray(COLOUR).convert("CMYK"), "TIFF"),
    "webp": encoded(Image.fromarray(COLOUR), "WEBP", lossless=True),
    "bmp": encoded(Image.fromarray(COLOUR), "BMP"),
    "gif": encoded(Image.fromarray(COLOUR).convert("P"), "GIF"),
    "ppm": encoded(Image.fromarray(COLOUR), "PPM"),
}


@pytest.mark.parametrize("kind", EIGHT)
def test_8_bit_images_are_what_pillow_converts_bit_for_bit(kind):
    expected = Image.open(io.BytesIO(EIGHT[kind])).convert("RGB")
    assert (pixels(EIGHT[kind]) == np.asarray(expected)).all()
    item = ImageItem("x", lambda: EIGHT[kind])
    assert item.traits() == []
    assert item.digest() == hashlib.blake2b(EIGHT[kind], digest_size=16).hexdigest()


def oriented(kind, number):
    """Return an image whose EXIF block, or TIFF tag, has an orientation."""
    image, exif = Image.fromarray(COLOUR), Image.Exif()
    exif[ORIENTATION] = number
    if kind == "TIFF":
        return encoded(image, kind, tiffinfo={ORIENTATION: number})
    return encoded(image, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))


# numpy's way to turn (height, width, 3) upright
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


@pytest.mark.parametrize("number", UPRIGHT)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_photographs_are_turned_upright_or_left_as_stored(kind, number):
    data = oriented(kind, number)
    stored = COLOUR if kind != "JPEG" else np.asarray(Image.open(io.BytesIO(data)))
    assert (pixels(data) == UPRIGHT[number](stored)).all()
    assert (pixels(data, orientation="stored") == stored).all()
    assert traits(data) == [TURNED] * (number > 1)
    assert traits(data, Decoding("stored")) == [NOT_TURNED] * (number > 1)
    # Whoever turns what comes out finds nothing left to turn.
    for orientation in ("exif", "stored"):
        assert open_image(data, "x", Decoding(orientation)).getexif().get(ORIENTATION, 1) == 1


def test_a_png_may_tell_its_orientation_after_its_pixels():
    data, exif = oriented("PNG", 6), b""
    at = data.index(b"eXIf") - 4
    length = int.from_bytes(data[at : at + 4], "big")
    exif, rest = data[at : at + 12 + length], data[:at] + data[at + 12 + length :]
    end = rest.index(b"IEND") - 4
    moved = rest[:end] + exif + rest[end:]
    assert pixels(moved).shape == (8, 6, 3)
    assert traits(moved) == [TURNED]


def test_a_damaged_exif_block_turns_nothing():
    data = oriented("JPEG", 6).replace(b"Exif\0\0MM", b"Exif\0\0xx").replace(b"Exif\0\0II", b"Exif\0\0xx")
    assert pixels(data).shape == (6, 8, 3)
    assert traits(data) == []


def test_items_that_are_turned_or_scaled_have_other_digests_and_are_counted():
    data = oriented("JPEG", 6)
    exif, stored = (ImageItem("x", lambda: data, Decoding(way)) for way in ("exif", "stored"))
    plain = hashlib.blake2b(data, digest_size=16).hexdigest()
    assert len({exif.digest(), stored.digest(), plain}) == 3
    assert count_traits([exif, exif, ImageItem("y", lambda: SIXTEEN["png"])]) == {TURNED: 2, SCALED: 1}


INK = np.dstack([np.zeros((6, 8, 3), np.uint8), GREY])  # black, seen through its alpha alone
TRANSPARENT = {
    "RGBA": Image.fromarray(INK),
    "LA": Image.fromarray(INK).convert("LA"),
    "PNG with a transparent colour": Image.fromarray(COLOUR),
}


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_alpha_is_dropped_or_laid_over_a_colour_and_counted(kind):
    image = TRANSPARENT[kind]
    options = {"transparency": tuple(COLOUR[0, 0].tolist())} if image.mode == "RGB" else {}
    data = encoded(image, **options)
    assert (pixels(data) == np.asarray(image.convert("RGB"))).all()
    assert traits(data) == [ALPHA["drop"]]
    over = Image.new("RGBA", (8, 6), "white")
    over.alpha_composite(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert (pixels(data, alpha="white") == np.asarray(over.convert("RGB"))).all()
    assert pixels(data, alpha="white").mean() > pixels(data).mean()
    assert traits(data, Decoding(alpha="white")) == [ALPHA["white"]]
    assert ImageItem("x", lambda: data).digest() == hashlib.blake2b(data, digest_size=16).hexdigest()


def with_chunk(kind, payload):
    """Return a PNG with one more chunk before its pixels."""
    data, body = encoded(Image.fromarray(GREY)), kind + payload
    return data[:33] + len(payload).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big") + data[33:]


def sized(width, height):
    """Return a small file that declares a size."""
    data = encoded(Image.fromarray(GREY))
    body = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + data[24:29]
    return data[:12] + body + zlib.crc32(body).to_bytes(4, "big") + data[33:]


MANY = b"k\0\0" + zlib.compress(bytes(PngImagePlugin.MAX_TEXT_CHUNK + 1))
DAMAGED = {
    "no image": b"no image",
    "nothing": b"",
    "long text": with_chunk(b"zTXt", MANY),
    "long profile": with_chunk(b"iCCP", MANY),
    "truncated": EIGHT["RGB jpeg"][:-100],
    "an overflowing size": sized(2**31 - 1, 2**31 - 1),
    "20,000 x 20,000": sized(20_000, 20_000),
    "13,400 x 13,400": sized(13_400, 13_400),
    "no known format": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n",
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_images_name_the_item(kind, recwarn, capfd):
    with pytest.raises(BrokenImage, match=r"^a/b\.png: ") as error:
        open_image(DAMAGED[kind], "a/b.png")
    if "20,000" in kind:
        assert "400000000 pixels; expected at most 178956970; option `max_pixels`" in str(error.value)
    assert traits(DAMAGED[kind]) == []
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


def test_max_pixels_goes_both_ways():
    with pytest.raises(BrokenImage, match="48 pixels; expected at most 47; option `max_pixels`"):
        pixels(EIGHT["RGB"], max_pixels=47)
    assert pixels(EIGHT["RGB"], max_pixels=48).shape == (6, 8, 3)
    # More than Pillow allows by itself: what is left to fail is that the file is short.
    with pytest.raises(BrokenImage, match="cannot be decoded"):
        pixels(sized(20_000, 20_000), max_pixels=400_000_000)


def test_whatever_bytes_come_they_are_an_image_or_name_the_item(recwarn):
    generator = random.Random(0)
    seeds = [*EIGHT.values(), *SIXTEEN.values(), *(oriented(kind, 6) for kind in ("PNG", "JPEG", "WEBP"))]
    outcomes = set()
    for seed in seeds:
        for _ in range(20):
            data = bytearray(seed)
            for _ in range(generator.choice([1, 1, 2, 4])):
                data[generator.randrange(len(data))] = generator.randrange(256)
            data = bytes(data[: generator.choice([len(data), len(data), generator.randrange(len(data))])])
            for decoding in (Decoding(), Decoding("stored", "white")):
                traits(data, decoding)
                try:
                    outcomes.add(open_image(data, "x", decoding).mode)
                except BrokenImage as error:
                    outcomes.add(error.where)
    assert outcomes == {"RGB", "x"}
    assert not recwarn.list


def test_unreadable_files_name_the_item(tmp_path):
    path = tmp_path / "a.png"
    with pytest.raises(BrokenImage, match=r"^x: cannot be read \(No such file"):
        ImageItem("x", path.read_bytes).open()
    os.mkdir(path)
    with pytest.raises(BrokenImage, match=r"^x: cannot be read \(Is a directory"):
        ImageItem("x", path.read_bytes).digest()
