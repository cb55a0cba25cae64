"""Which package a checkpoint asks for is not installed: libraries name another one, or say so on three lines.

zsbench itself imports none of them: SentencePiece files are converted by transformers, with sentencepiece and protobuf,
and code that comes with weights imports what it likes, of which einops is common.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

EXTRA = "hub"
"""The extra of zsbench that brings them."""

# package -> its module, and the words in a library's message behind which its absence may stand. Without protobuf
# transformers goes on to another kind of file, and then asks for tiktoken.
_ASKED = {
    "sentencepiece": ("sentencepiece", ("sentencepiece", "protobuf", "tiktoken")),
    "protobuf": ("google.protobuf", ("sentencepiece", "protobuf", "tiktoken")),
    "einops": ("einops", ("einops",)),
}


def lacking(messages: Iterable[str]) -> list[str]:
    """Return the packages that are not installed and that an error's messages may be about."""
    said = " ".join(messages).lower()
    about = {package: module for package, (module, words) in _ASKED.items() if any(word in said for word in words)}
    return [package for package, module in about.items() if not _is_here(module)]


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is not there either
        return False
