"""Texts for encoders: tokenised, cut where they are too long (and counted), batched by length, padded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from zsbench.batching import map_by_length
from zsbench.models import _common
from zsbench.records import Cost

if TYPE_CHECKING:
    from zsbench.models.capabilities import FloatArray


def limit(tokenizer: Any, config: Any, wanted: int | None) -> int:
    """Return how many tokens fit: as many as wanted, and no more than tokenizer and positions allow."""
    own = min(int(tokenizer.model_max_length), int(getattr(config, "max_position_embeddings", None) or 1 << 30))
    return own if wanted is None else min(wanted, own)


def encode(tokenizer: Any, texts: Sequence[Any], max_length: int, cost: Cost) -> list[dict[str, list[int]]]:
    """Return the tokenizer's rows of texts, or of pairs of texts, special tokens included.

    A pair that is too long loses tokens from the longer of its two texts.
    """
    pairs = bool(texts) and not isinstance(texts[0], str)
    columns = ([a for a, _ in texts], [b for _, b in texts]) if pairs else (list(texts),)
    lengths = [len(ids) for ids in tokenizer(*columns)["input_ids"]]
    rows = tokenizer(*columns, truncation=True, max_length=max_length)
    cost.truncated_items += sum(length > max_length for length in lengths)
    return [{key: rows[key][i] for key in rows} for i in range(len(texts))]


def run(
    network: Callable[[Any], FloatArray], tokenizer: Any, rows: Sequence[dict[str, list[int]]], device: str, cost: Cost
) -> Any:
    """Return what `network` makes of padded batches of `rows`, in their order."""
    lengths = [len(row["input_ids"]) for row in rows]

    def batch(part: Sequence[dict[str, list[int]]]) -> FloatArray:
        padded = tokenizer.pad(list(part), padding=True, padding_side="right", return_tensors="pt").to(device)
        cost.forward_passes += 1
        cost.tokens += sum(len(row["input_ids"]) for row in part)
        return network(padded)

    keys = [tuple(map(tuple, row.values())) for row in rows]
    return map_by_length(batch, rows, lengths, _common.runtime_batch_size(), keys=keys)
