"""Image and text vectors in files, and a task over them: what work over ready features starts from."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

WIDTH = 512


def write(
    folder: Path, *, images: int, classes: int, templates: int = 1, keys: Mapping[str, int] = MappingProxyType({})
) -> None:
    """Write test images, labelled ones for each of `keys` (`support`, `validation`), texts, and the YAML of both."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((classes, WIDTH), dtype=np.float32)
    names = [f"class {number}" for number in range(classes)]
    filled = [f"template {number} of {{}}." for number in range(templates)]
    vectors = [centres + rng.standard_normal(centres.shape, dtype=np.float32) / 2 for _ in filled]
    texts = [template.replace("{}", name) for template in filled for name in names]
    np.savez(folder / "texts.npz", texts=texts, text_features=np.concatenate(vectors))
    for key, count in {"test": images, **keys}.items():
        labels = np.arange(count) % classes
        features = centres[labels] + 4 * rng.standard_normal((count, WIDTH), dtype=np.float32)
        np.savez(folder / f"{key}.npz", features=features, labels=labels, class_names=names)
    task: dict[str, Any] = {"description": "vectors", "type": "image-classification", "templates": filled}
    task |= {"metrics": ["acc@1"], "data": {"source": "features", "path": "test.npz"}}
    task |= {key: {"source": "features", "path": f"{key}.npz"} for key in keys}
    (folder / "task.yaml").write_text(json.dumps(task))
    (folder / "encoder.yaml").write_text('{"description": "vectors", "adapter": "features", "texts": "texts.npz"}')


def evaluated(method: str, *options: str) -> list[list[str]]:
    """Return the command that evaluates a method on them."""
    zsbench = str(Path(sys.executable).with_name("zsbench"))
    command = [zsbench, "eval", "task.yaml", "--model", "encoder.yaml", "--method", method, "--out", "out", *options]
    return [command]


def read(folder: Path, key: str) -> tuple[Any, Any]:
    """Return the unit vectors and the labels of a set."""
    with np.load(folder / f"{key}.npz") as held:
        return unit(held["features"]), held["labels"]


def read_texts(folder: Path, *, classes: int) -> Any:
    """Return unit text vectors (n_templates, n_classes, width)."""
    with np.load(folder / "texts.npz") as held:
        return unit(held["text_features"]).reshape(-1, classes, held["text_features"].shape[1])


def unit(rows: Any) -> Any:
    """Return rows of length 1."""
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)
