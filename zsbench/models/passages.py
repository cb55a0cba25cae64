"""Texts for encoders: tokenised, cut where they are too long (and counted), batched by length, padded."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.batching import map_batches, map_by_length
from zsbench.core.lazy import FloatArray, torch
from zsbench.core.records import Cost
from zsbench.models import positions, runtime


def limit(tokenizer: Any, network: Any, config: Any, wanted: int | None, *, option: str, pairs: bool = False) -> int:
    """Return how many tokens fit: as many as wanted, and no more than tokenizer and positions allow.

    Parameters
    ----------
    network, config : where the positions are, and their number.
    wanted : by the option of this name, or by the checkpoint.
    pairs : two texts are read together.

    Raises
    ------
    UserError
        No token of a text would be left beside the special ones.
    """
    limits = [int(tokenizer.model_max_length), positions.count(network, config), wanted]
    return positions.require_room(min(n for n in limits if n is not None), tokenizer, option, pairs=pairs)


def encode(tokenizer: Any, texts: Sequence[str], max_length: int, cost: Cost) -> list[dict[str, list[int]]]:
    """Return the tokenizer's rows of texts, special tokens included; those that are cut are counted."""
    rows, cut = tokens(tokenizer, texts, max_length)
    cost.truncated_items += sum(cut)
    return rows


def tokens(tokenizer: Any, texts: Sequence[Any], max_length: int) -> tuple[list[dict[str, list[int]]], list[bool]]:
    """Return the tokenizer's rows of texts, or of pairs of texts, special tokens included, and which of them are cut.

    A pair that is too long loses tokens from the longer of its two texts.
    """
    pairs = bool(texts) and not isinstance(texts[0], str)
    columns = ([a for a, _ in texts], [b for _, b in texts]) if pairs else (list(texts),)
    lengths = [len(ids) for ids in tokenizer(*columns)["input_ids"]]
    encoded = tokenizer(*columns, truncation=True, max_length=max_length)
    rows = [{key: encoded[key][i] for key in encoded} for i in range(len(texts))]
    return rows, [length > max_length for length in lengths]


def first_tokens(tokenizer: Any, texts: list[str], n: int | None) -> list[str]:
    """Return texts cut at the end of their n-th token; shorter ones are left as they are, and all of them by None."""
    if n is None:
        return texts
    offsets = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return [text if len(spans) <= n else text[: spans[n - 1][1]] for text, spans in zip(texts, offsets, strict=True)]


def run(
    network: Callable[[Any], FloatArray],
    tokenizer: Any,
    rows: Sequence[dict[str, list[int]]],
    device: str,
    cost: Cost,
    *,
    config: Any,
    in_order: int | None = None,
) -> FloatArray:
    """Return what `network` makes of padded batches of `rows`, one row each, in their order.

    Parameters
    ----------
    network : takes a mapping of tensors (n, longest).
    config : the network's own. A classifier over a decoder looks there for what is padding, to read the last token
        before it; where the config names none, an id that stands in no row of the batch is written there meanwhile.
    in_order : rows of a batch, each computed where it stands, for networks whose answer depends on the batch; None
        forms batches of like length.
    """
    lengths = [len(row["input_ids"]) for row in rows]
    padding = config.pad_token_id
    has_padding = padding is not None and padding >= 0

    def batch(part: Sequence[dict[str, list[int]]]) -> FloatArray:
        fill = padding if has_padding else _unused(part)
        cost.forward_passes += 1
        cost.tokens += sum(len(row["input_ids"]) for row in part)
        config.pad_token_id = fill
        try:
            return network(_padded(part, fill, tokenizer.pad_token_type_id, device))
        finally:
            config.pad_token_id = padding

    outputs: FloatArray
    if in_order is not None:
        outputs = map_batches(batch, rows, in_order)
        return outputs
    keys = [tuple(map(tuple, row.values())) for row in rows]
    outputs = map_by_length(batch, rows, lengths, runtime.runtime_batch_size(), keys=keys)
    return outputs


def _unused(rows: Sequence[dict[str, list[int]]]) -> int:
    """Return the smallest token id that stands in none of the rows."""
    used = {token for row in rows for token in row["input_ids"]}
    return next(token for token in itertools.count() if token not in used)


def _padded(rows: Sequence[dict[str, list[int]]], fill: int, segment: int, device: str) -> dict[str, torch.Tensor]:
    """Return rows filled up on the right, by name; what is filled up is masked."""
    longest = max(len(row["input_ids"]) for row in rows)
    values = {"input_ids": fill, "token_type_ids": segment}
    return {
        key: torch.tensor(
            [[*row[key], *[values.get(key, 0)] * (longest - len(row[key]))] for row in rows], device=device
        )
        for key in rows[0]
    }
