"""How many tokens a network has positions for, and at which position it begins to count."""

from __future__ import annotations

from typing import Any

from zsbench.core.errors import UserError


def count(network: Any, config: Any) -> int | None:
    """Return the longest sequence a network reads, or None where its positions have no end.

    Parameters
    ----------
    network : where the table of positions is.
    config : with `max_position_embeddings`, the size of that table.
    """
    size = getattr(config, "max_position_embeddings", None)
    # XLNet and its kin, whose positions are relative, say -1.
    return int(size) - first(network) if size and size > 0 else None


def first(network: Any) -> int:
    """Return the position of the first token: RoBERTa and its kin keep those up to their padding's id for padding."""
    for name, module in network.named_modules():
        padding = getattr(module, "padding_idx", None)
        if name.rpartition(".")[2] == "position_embeddings" and padding is not None:
            return int(padding) + 1
    return 0


def require_room(n: int, tokenizer: Any, option: str, *, pairs: bool = False) -> int:
    """Return a length in tokens that leaves room for a text (or for each of two) beside the special tokens.

    Raises
    ------
    UserError
        There is none; `option` names what set the length.
    """
    special = tokenizer.num_special_tokens_to_add(pair=pairs)
    least = special + 1 + pairs
    if n < least:
        expected = f"at least {least}: {special} special and one of {'each' if pairs else 'the'} text"
        raise UserError(option, f"{n} tokens", expected)
    return n
