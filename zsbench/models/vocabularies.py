"""Whether a tokenizer read a vocabulary at all.

transformers gives a folder without tokenizer files a tokenizer of its special tokens alone: every word is unknown, and
whatever is computed from such inputs is a number without meaning.
"""

from __future__ import annotations

from typing import Any

from zsbench.core.errors import UserError

_BLANK = {"▁"}
"""The mark of a blank, which some tokenizers have although they read no file."""


def require(tokenizer: Any, reference: str) -> None:
    """Refuse a tokenizer that knows no piece of any word.

    Parameters
    ----------
    tokenizer : of transformers, or a processor that holds one; what is neither passes.
    reference : the folder or hub id that it is from.

    Raises
    ------
    UserError
        Its vocabulary holds only special and added tokens.
    """
    tokenizer = getattr(tokenizer, "tokenizer", tokenizer)
    files: dict[str, str] = getattr(tokenizer, "vocab_files_names", None) or {}
    if not files or not hasattr(tokenizer, "get_vocab"):
        # Tokenizers of bytes and of characters need no file.
        return
    known = set(tokenizer.get_vocab())
    if known - set(tokenizer.all_special_tokens) - set(tokenizer.added_tokens_encoder) - _BLANK:
        return
    found = f"no tokenizer files: {type(tokenizer).__name__} knows {len(known)} special tokens and no word"
    parts = " with ".join(name for key, name in files.items() if key != "tokenizer_file")
    raise UserError(reference, found, " or ".join(dict.fromkeys(["tokenizer.json", parts or "tokenizer.json"])))
