"""Low-rank deltas merged into the weights, plain (LoRA) or gated (SoRA).

    W' = W + (alpha / r) B diag(g) A            A (r, in), B (out, r), g (r,), r the rank before any pruning

The file is a safetensors with `<module>.lora_A`, `<module>.lora_B` and, for gates, `<module>.gate` (a trailing
`.weight` and the prefixes that PEFT and OpenDelta add are understood).

Source: Hu et al. 2021, arXiv:2106.09685; Ding et al. 2023 (EMNLP), arXiv:2311.11696.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from zsbench.config.options import Count, LocalPath, Positive
from zsbench.core import files
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import torch
from zsbench.core.yamlio import shown
from zsbench.modifiers import Modifier

_KEY = re.compile(r"^(?:base_model\.model\.)?(.+?)(?:\.lora)?\.(lora_A|lora_B|gate)(?:\.default)?(?:\.weight)?$")


def lora(*, path: LocalPath, alpha: Positive, rank: Count | None = None) -> Modifier:
    """Merge a file of low-rank deltas.

    Parameters
    ----------
    path : safetensors with the matrices of every changed module.
    alpha : the scaling is alpha / rank.
    rank : r of the formula when the file holds pruned matrices of a lower rank; else that of the file.
    """

    def apply(network: torch.nn.Module) -> dict[str, Any]:
        modules = dict(network.named_modules())
        deltas = read(Path(path))
        ranks = []
        with torch.no_grad():
            for name, parts in deltas.items():
                weight = getattr(modules.get(name), "weight", None)
                if weight is None:
                    hint = did_you_mean(name, modules)
                    raise UserError(shown(Path(path)), f"the network has no module '{name}' with a weight", "", hint)
                delta = low_rank_delta(parts["lora_A"], parts["lora_B"], parts.get("gate"), alpha=alpha, rank=rank)
                if delta.shape != weight.shape:
                    found = f"'{name}': a delta of shape {tuple(delta.shape)}"
                    raise UserError(shown(Path(path)), found, f"{tuple(weight.shape)}, the weight's")
                weight += delta.to(weight)
                gate = parts.get("gate")
                ranks.append(int((gate != 0).sum()) if gate is not None else len(parts["lora_A"]))
        return {"modules": len(deltas), "ranks": ranks, "alpha": alpha}

    return apply


def low_rank_delta(
    a: torch.Tensor, b: torch.Tensor, gate: torch.Tensor | None = None, *, alpha: float, rank: int | None = None
) -> torch.Tensor:
    """Return (alpha / r) B diag(g) A, (out, in).

    Parameters
    ----------
    a, b : (r, in) and (out, r).
    gate : (r,) or (1, r); None is all ones.
    rank : r of the scaling when it is not that of `a`.
    """
    scaled = b if gate is None else b * gate.reshape(1, -1)
    return alpha / (len(a) if rank is None else rank) * (scaled @ a)


def read(path: Path) -> dict[str, dict[str, torch.Tensor]]:
    """Return the matrices of every module.

    Raises
    ------
    UserError
        Not a safetensors file, a key of another form, a module without A or B, ranks that differ, NaN.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    expected = "safetensors with `<module>.lora_A` and `<module>.lora_B`"
    files.require_file(path, expected)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(shown(path), f"cannot be read ({error})", expected) from None
    found: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        match = _KEY.match(key)
        if match is None:
            raise UserError(shown(path), f"key '{key}'", expected)
        if not torch.isfinite(tensor).all():
            raise UserError(shown(path), f"'{key}' holds NaN or infinity")
        found.setdefault(match.group(1), {})[match.group(2)] = tensor.double()
    for name, parts in found.items():
        if "lora_A" not in parts or "lora_B" not in parts:
            raise UserError(shown(path), f"module '{name}' has only {', '.join(parts)}", "lora_A and lora_B")
        r = {len(parts["lora_A"]), parts["lora_B"].shape[1], *([parts["gate"].numel()] if "gate" in parts else [])}
        if len(r) > 1:
            raise UserError(shown(path), f"module '{name}' has ranks {', '.join(map(str, sorted(r)))}", "one rank")
    return found
