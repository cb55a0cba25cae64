"""Attention of a few query tokens, read off the forward pass of any transformers decoder.

Fused attention returns no weights, and eager attention keeps a (tokens x tokens) map for every head of every
layer. Here a registered attention function computes the output with SDPA as usual and, while watched, the softmax
rows of the current tokens only, averages them and drops them: memory is linear in the context. When the layers in
use are through, the rest of the forward pass is left out.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from zsbench.core.lazy import torch

NAME = "zsbench_watched"
# Rows of softmax held at once; each is (heads x keys) in float32.
ROWS = 64


@dataclass
class Watch:
    """What a forward pass records: the rows of its (last) tokens, up to the layer after which it may end.

    Attributes
    ----------
    record : keep rows at all; without it the pass only ends early.
    n_layers : layers that attend before the pass ends; None runs all of them.
    last : number of last tokens whose rows are averaged; None takes all tokens.
    layers : mean rows (heads, keys) of each layer so far.
    seen : layers that have attended so far.
    """

    record: bool
    n_layers: int | None = None
    last: int | None = None
    layers: list[torch.Tensor] = field(default_factory=list)
    seen: int = 0


class _Enough(Exception):
    """Every layer in use has run."""


_watch: Watch | None = None


def switch(model: Any) -> bool:
    """Let a model loaded with eager attention attend through `_attend`; return whether it can be told so.

    Some older architectures cannot; they stay eager, and `output_attentions` gives their rows.
    """
    if not getattr(model, "_supports_attention_backend", False):
        return False
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS.register(NAME, _attend)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
    model.set_attn_implementation(NAME)
    return True


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Serve `watch` during the forward pass inside the block, which may end there early."""
    global _watch
    _watch = watch
    try:
        yield
    except _Enough:
        pass
    finally:
        _watch = None


def forked(cache: Any) -> Any:
    """Return a cache that goes on from `cache` without changing it.

    Key-value layers grow by making new tensors, so sharing the old ones is safe; other states are copied.
    """
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    twin = copy.copy(cache)
    shared = (DynamicLayer, DynamicSlidingWindowLayer)
    twin.layers = [copy.copy(layer) if type(layer) in shared else copy.deepcopy(layer) for layer in cache.layers]
    return twin


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    position_bias: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention output (batch, tokens, heads, width), serving the watch if there is one."""
    form = _Form(scaling if scaling is not None else query.shape[-1] ** -0.5, softcap, s_aux, position_bias)
    if _watch is not None:
        _watch.seen += 1
        if _watch.record:
            _watch.layers.append(_mean_rows(query, key, attention_mask, form, _watch.last))
        if _watch.seen == _watch.n_layers:
            raise _Enough
    if softcap is not None or s_aux is not None:
        return _unfused(query, key, value, attention_mask, form), None
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    if position_bias is not None:
        kwargs["position_bias"] = position_bias
    output, _ = ALL_ATTENTION_FUNCTIONS["sdpa"](module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    return output, None


@dataclass(frozen=True)
class _Form:
    """How a layer turns products of queries and keys into weights."""

    scaling: float
    softcap: float | None
    sinks: torch.Tensor | None
    bias: torch.Tensor | None


def _mean_rows(
    query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None, form: _Form, last: int | None
) -> torch.Tensor:
    """Return the mean over the (last) tokens of `query` of their softmax rows, (heads, keys)."""
    if query.shape[0] != 1:
        raise ValueError(f"attention is read for one sequence at a time, not {query.shape[0]}")
    n = query.shape[2]
    first = 0 if last is None else n - last
    total = torch.zeros(query.shape[1], key.shape[2], device=query.device)
    for start in range(first, n, ROWS):
        total += _rows(query, key, mask, form, slice(start, min(start + ROWS, n)))[0].sum(dim=1)
    return total / (n - first)


def _unfused(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, form: _Form
) -> torch.Tensor:
    """Return the output where SDPA has no soft cap or sinks; tokens go in groups to keep memory linear."""
    n, groups = query.shape[2], query.shape[1] // value.shape[1]
    values = value.repeat_interleave(groups, dim=1)
    parts = [
        _rows(query, key, mask, form, slice(start, min(start + ROWS, n))).to(value.dtype) @ values
        for start in range(0, n, ROWS)
    ]
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous()


def _rows(query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None, form: _Form, part: slice) -> torch.Tensor:
    """Return softmax rows (batch, heads, tokens of `part`, keys), float32 so that no half-precision sum overflows."""
    batch, heads, n, width = query.shape
    shared = key.shape[1]
    asked = query[:, :, part].float()
    rows, keys = asked.shape[2], key.shape[2]
    # Query heads that share keys stand one under the other, so that keys need not be repeated.
    stacked = asked.reshape(batch, shared, heads // shared * rows, width)
    logits = (stacked @ key.float().transpose(2, 3)).reshape(batch, heads, rows, keys) * form.scaling
    if form.softcap is not None:
        logits = form.softcap * torch.tanh(logits / form.softcap)
    if form.bias is not None:
        logits = logits + form.bias[:, :, part, :keys]
    logits = logits + _additive(mask, logits, n, part)
    if form.sinks is None:
        return torch.softmax(logits, dim=-1)
    sinks = form.sinks.float().reshape(1, -1, 1, 1).expand(batch, -1, rows, 1)
    return torch.softmax(torch.cat([logits, sinks], dim=-1), dim=-1)[..., :-1]


def _additive(mask: torch.Tensor | None, logits: torch.Tensor, n: int, part: slice) -> torch.Tensor:
    """Return the mask as numbers to add; without one, token i of n sees all keys but the last n - 1 - i."""
    keys = logits.shape[-1]
    if mask is None:
        last = torch.arange(part.start, part.stop, device=logits.device) + keys - n
        mask = torch.arange(keys, device=logits.device) <= last[:, None]
    else:
        mask = mask[:, :, part, :keys]
    if mask.dtype == torch.bool:
        return torch.zeros_like(mask, dtype=torch.float32).masked_fill(~mask, torch.finfo(torch.float32).min)
    return mask.float()
