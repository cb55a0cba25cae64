"""CLIP's causal text tower, run once for what prompts have in common.

With a causal mask the state at a position depends on the words up to it. So prompts that begin alike ("a photo of
a") share those states, nothing after the pooled word matters, and of the last block only the pooled rows do:

    nodes  (n_nodes,)         each distinct beginning once; projections and MLPs see (n_nodes, width)
    index  (n_texts, length)  the node at each position; attention sees (n_texts, length, width)

The result is that of the tower's own pass over padded rows, up to rounding.
"""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import np, torch


class CausalTower:
    """The text side of an open_clip model whose mask is causal and whose pooled word is the end of the text."""

    def __init__(self, tower: Any, pool: str) -> None:
        self._tower, self._pool = tower, pool
        self._blocks = tower.transformer.resblocks

    @classmethod
    def of(cls, model: Any) -> CausalTower | None:
        """Return the tower of a model, or None where its own pass over whole rows is the only right one.

        That is so without a causal mask (SigLIP, CLIPA, some MobileCLIP), with a class token behind the words
        (CoCa), with another pooling, with a transformers tower, or with blocks of another kind.
        """
        tower = getattr(model, "text", model)
        pool = getattr(tower, "text_pool_type", getattr(tower, "pool_type", ""))
        blocks = getattr(getattr(tower, "transformer", None), "resblocks", None)
        plain = blocks is not None and all(_is_plain(block) for block in blocks)
        if not plain or pool not in {"argmax", "eos"} or getattr(tower, "cls_emb", None) is not None:
            return None
        return cls(tower, pool) if _is_causal(getattr(tower, "attn_mask", None)) else None

    def pooled(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the position (n_texts,) that the tower reads its text feature from."""
        if self._pool == "argmax":
            return ids.argmax(dim=-1)
        # A tower of its own calls it eos_id, one spread over its model text_eos_id.
        end = self._tower.text_eos_id if hasattr(self._tower, "text_eos_id") else self._tower.eos_id
        return torch.eq(ids, end).int().argmax(dim=-1)

    def encode(self, ids: torch.Tensor, pooled: torch.Tensor, words: Any) -> torch.Tensor:
        """Return text features (n_texts, width) of token rows (n_texts, context), on any device.

        `words` turns token ids into word embeddings.
        """
        length = int(pooled.max()) + 1
        index, representative = _tree(ids[:, :length].cpu().numpy(), pooled.cpu().numpy() + 1)
        flat, device = ids[:, :length].reshape(-1), ids.device
        chosen = torch.from_numpy(representative).to(device)
        embedded = self._placed(words(flat[chosen]), chosen % length)
        return self._run(embedded, torch.from_numpy(index).to(device), chosen, pooled)

    def encode_embeddings(self, embeddings: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        """Return text features (n_texts, width) of word embeddings (n_texts, context, width), with gradients."""
        n, length = len(embeddings), int(pooled.max()) + 1
        every = torch.arange(n * length, device=embeddings.device)
        embedded = self._placed(embeddings[:, :length].flatten(0, 1), every % length)
        return self._run(embedded, every.view(n, length), every, pooled)

    def _placed(self, words: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        dtype = self._tower.transformer.get_cast_dtype()
        placed: torch.Tensor = words.to(dtype) + self._tower.positional_embedding[positions].to(dtype)
        return placed

    def _run(self, x: torch.Tensor, index: torch.Tensor, chosen: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        """Return features of nodes `x` (n_nodes, width); `chosen` is one flat position of each node."""
        n, length = index.shape
        last = torch.arange(n, device=x.device) * length + pooled
        for number, block in enumerate(self._blocks):
            attended = _attention(block, x, index).flatten(0, 1)
            if number == len(self._blocks) - 1:
                x, chosen = x[index.flatten()[last]], last
            x = x + block.ls_1(block.attn.out_proj(attended[chosen]))
            x = x + block.ls_2(block.mlp(block.ln_2(x)))
        x, projection = self._tower.ln_final(x), self._tower.text_projection
        if projection is None:
            return x
        projected: torch.Tensor = projection(x) if isinstance(projection, torch.nn.Linear) else x @ projection
        return projected


def _attention(block: Any, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Return what each position of each text gathers, (n_texts, length, width), before the output projection."""
    attention = block.attn
    qkv = torch.nn.functional.linear(block.ln_1(x), attention.in_proj_weight, attention.in_proj_bias)[index]
    n, length, _ = qkv.shape
    query, key, value = qkv.view(n, length, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4)
    attended = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    return attended.transpose(1, 2).reshape(n, length, -1)


def _tree(ids: Any, lengths: Any) -> tuple[Any, Any]:
    """Return node numbers (n_texts, length) of token rows and one flat position of each node, (n_nodes,).

    Positions past a row's length get node 0; the causal mask keeps them from everything before them.
    """
    n, length = ids.shape
    index, parent = np.zeros((n, length), dtype=np.int64), np.zeros(n, dtype=np.int64)
    positions: list[Any] = []
    total, step = 0, int(ids.max()) + 1
    for place in range(length):
        rows = np.flatnonzero(lengths > place)
        _, first, node = np.unique(parent[rows] * step + ids[rows, place], return_index=True, return_inverse=True)
        parent[rows] = index[rows, place] = total + node
        positions.append(rows[first] * length + place)
        total += len(first)
    return index, np.concatenate(positions)


def _is_plain(block: Any) -> bool:
    """Say whether a block is the pre-norm attention and MLP that `_run` computes."""
    attention = getattr(block, "attn", None)
    return (
        type(block).__name__ == "ResidualAttentionBlock"
        and isinstance(attention, torch.nn.MultiheadAttention)
        and attention.in_proj_weight is not None
        and attention.bias_k is None
        and not attention.add_zero_attn
    )


def _is_causal(mask: torch.Tensor | None) -> bool:
    if mask is None or mask.ndim != 2:
        return False
    return torch.equal(mask.float(), torch.full_like(mask, float("-inf"), dtype=torch.float32).triu_(1))
