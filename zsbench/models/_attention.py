"""Attention of a few query tokens, read off the forward pass of any transformers decoder.

Fused attention returns no weights, and eager attention keeps a (tokens x tokens) map for every head of every
layer. Here a registered attention function computes the output with SDPA as usual and, while recording, the
softmax rows of the current tokens only, averages them and drops them: memory is linear in the context.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zsbench.lazy import lazy

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")

NAME = "zsbench_recorded_sdpa"
_recorded: list[torch.Tensor] | None = None


def register() -> str:
    """Register the attention function with transformers and return the name to load models with."""
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS.register(NAME, _attend)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
    return NAME


@contextmanager
def recording() -> Iterator[list[torch.Tensor]]:
    """Collect, layer by layer, the mean attention (heads, keys) of the tokens run inside the block."""
    global _recorded
    _recorded = []
    try:
        yield _recorded
    finally:
        _recorded = None


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    softcap: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention output (batch, tokens, heads, width), recording the rows of `query` when asked to."""
    if _recorded is not None:
        _recorded.append(_rows(query, key, attention_mask, scaling, softcap).mean(dim=1))
    if softcap is not None:
        # SDPA has no soft cap; the rows of all heads at once would be quadratic, so heads go one by one.
        groups = query.shape[1] // key.shape[1]
        heads = [
            _rows(query[:, [h]], key[:, [h // groups]], attention_mask, scaling, softcap).to(value.dtype)
            @ value[0, [h // groups]]
            for h in range(query.shape[1])
        ]
        return torch.cat(heads)[None].transpose(1, 2).contiguous(), None
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    output, _ = ALL_ATTENTION_FUNCTIONS["sdpa"](module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    return output, None


def _rows(
    query: torch.Tensor,
    key: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float | None,
    softcap: float | None,
) -> torch.Tensor:
    """Return softmax rows (heads, query tokens, keys) in float32, so that no half-precision sum overflows."""
    if query.shape[0] != 1:
        raise ValueError(f"attention is read for one sequence at a time, not {query.shape[0]}")
    groups = query.shape[1] // key.shape[1]
    keys = key[0].repeat_interleave(groups, dim=0)
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    logits = (query[0].float() @ keys.float().transpose(1, 2)) * scale
    if softcap is not None:
        logits = softcap * torch.tanh(logits / softcap)
    return torch.softmax(logits + _additive(mask, logits), dim=-1)


def _additive(mask: torch.Tensor | None, logits: torch.Tensor) -> torch.Tensor:
    """Return the mask as numbers to add; without one, token i of m sees all keys but the last m - 1 - i."""
    rows, keys = logits.shape[-2:]
    if mask is None:
        mask = torch.ones(rows, keys, dtype=torch.bool, device=logits.device).tril(keys - rows)
    else:
        mask = mask[0, :, :, :keys]
    if mask.dtype == torch.bool:
        return torch.zeros_like(logits[:1]).masked_fill(~mask, torch.finfo(torch.float32).min)
    return mask.float()
