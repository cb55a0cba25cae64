"""What every recipe shares: seeds, fp16 safetensors with readable modes, and the asset's card."""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file


def arguments(description: str) -> argparse.ArgumentParser:
    """The options that all recipes take: where to write, and how much of the training to run."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"), help="folder holding models/ and data/")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few steps only, to check that the recipe runs")
    return parser


def seed_everything(seed: int) -> np.random.Generator:
    """Seed python, numpy and torch, and pin torch to one thread (two make the sums depend on the machine)."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    return np.random.default_rng(seed)


def save_weights(state: dict[str, torch.Tensor], path: Path) -> None:
    """Write weights as fp16 safetensors (integers as they are) that every user of the machine can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = {
        name: (tensor.detach().half() if tensor.is_floating_point() else tensor.detach()).contiguous().clone()
        for name, tensor in state.items()
    }
    save_file(half, str(path), metadata={"format": "pt"})
    os.chmod(path, 0o644)


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, so that a retrained asset differs only where it differs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def write_card(
    folder: Path,
    *,
    name: str,
    summary: str,
    recipe: str,
    seed: int,
    settings: dict[str, Any],
    reached: dict[str, Any],
    limits: list[str],
    parameters: int | None = None,
    train_cpu_seconds: float | None = None,
) -> None:
    """Write `card.json`: what the asset is, how it was made, what it reaches, and what it cannot do."""
    card = {
        "name": name,
        "summary": summary,
        "recipe": recipe,
        "seed": seed,
        "settings": settings,
        "reached": reached,
        "limits": limits,
        "parameters": parameters,
        "train_cpu_seconds": None if train_cpu_seconds is None else round(train_cpu_seconds),
        "torch": torch.__version__.split("+")[0],
        "license": "Apache-2.0",
    }
    write_json(folder / "card.json", card)


class CpuClock:
    """CPU seconds since creation: the honest unit on a shared machine."""

    def __init__(self) -> None:
        self.start = time.process_time()

    def __call__(self) -> float:
        return time.process_time() - self.start
