"""The same text in every shape that people's files have, and what damages it: shared by the tests of readers."""

import gzip

import pyarrow as pa


def zstandard(raw):
    """Return packed data of a zstandard file."""
    return pa.compress(raw, codec="zstd", asbytes=True)


GOOD = {
    "byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "windows line ends": lambda raw: raw.replace(b"\n", b"\r\n"),
    "gzip under any name": gzip.compress,
    "zstandard under any name": zstandard,
    "no last line end": lambda raw: raw.removesuffix(b"\n"),
    "all of it": lambda raw: gzip.compress(b"\xef\xbb\xbf" + raw.removesuffix(b"\n").replace(b"\n", b"\r\n")),
}

# How the bytes are damaged, and what the message must hold beside the file and a line.
BAD = {
    "truncated gzip": (lambda raw: gzip.compress(raw)[:-9], "gzip data end too early"),
    "gzip with a flipped byte": (lambda raw: flipped(gzip.compress(raw)), "gzip data"),
    "truncated zstandard": (lambda raw: zstandard(raw)[:-5], "zstandard data end too early"),
    "not UTF-8": (lambda raw: raw.removesuffix(b"\n") + b"\xe9\n", "0xe9 is not UTF-8"),
}


def flipped(packed):
    """Return gzip data whose checksum does not fit."""
    return packed[:-6] + bytes([packed[-6] ^ 0x55]) + packed[-5:]
