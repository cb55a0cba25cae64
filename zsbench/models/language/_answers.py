"""Log-probabilities of single tokens after many beginnings of one answer, read off as few rows as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.batching import map_by_length
from zsbench.core.lazy import FloatArray, np, torch
from zsbench.models import decoding, runtime

Head = tuple[int, ...]
Rows = Callable[[Sequence[Head]], "torch.Tensor"]
"""From rows of answer tokens to logits (n_rows, 1 + longest row, vocabulary); the first follow the prompt itself."""


def packed(heads: Sequence[Head]) -> tuple[list[Head], list[int]]:
    """Return the rows to run, and the row in which each head stands: one that begins another shares its row."""
    rows: list[Head] = []
    row_of: dict[Head, int] = {}
    # In descending order of tuples, the heads that go on from a head stand right before it.
    for head in sorted(set(heads), reverse=True):
        if not rows or rows[-1][: len(head)] != head:
            rows.append(head)
        row_of[head] = len(rows) - 1
    return rows, [row_of[head] for head in heads]


def next_logprobs(
    run: Rows, heads: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]], *, before: int
) -> list[FloatArray]:
    """Return for each head the log-probabilities, over the whole vocabulary, of the tokens wanted after it.

    Parameters
    ----------
    run : the forward pass.
    heads : first tokens of an answer; may be empty.
    wanted : next tokens, some for each head.
    before : tokens that stand before every row, for the size of batches.
    """
    asked = [tuple(head) for head in heads]
    rows, row_of = packed(asked)
    heads_of_row: list[list[int]] = [[] for _ in rows]
    for head, row in enumerate(row_of):
        heads_of_row[row].append(head)
    logprobs: list[FloatArray] = [np.empty(0, np.float32)] * len(asked)

    def fill(numbers: Sequence[int]) -> Any:
        places = [(place, head) for place, row in enumerate(numbers) for head in heads_of_row[row]]
        logits = run([rows[row] for row in numbers])
        index = torch.tensor([[place, len(asked[head])] for place, head in places], device=logits.device)
        after_head = logits[index[:, 0], index[:, 1]].float()
        total = after_head.logsumexp(dim=-1, keepdim=True)
        tokens, _ = decoding.pad([wanted[head] for _, head in places], 0, str(logits.device), left=False)
        table = decoding.finite(after_head.gather(1, tokens) - total)
        for (_, head), values in zip(places, table, strict=True):
            logprobs[head] = values[: len(wanted[head])]
        return np.zeros(len(numbers))

    map_by_length(fill, range(len(rows)), [before + len(row) for row in rows], runtime.runtime_batch_size())
    return logprobs
