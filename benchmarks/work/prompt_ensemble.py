"""`zsbench eval` of prompt-ensemble over ready features: predictions written, top-1 and top-5 with their intervals."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

SIZES = {"images": 50_000, "classes": 1000, "width": 512}
GOAL = 2.5
TASK = """type: image-classification
data: {source: features, path: images.npz}
templates: ["{}"]
metrics: [acc@1]
"""


def prepare(folder: Path, *, images: int, classes: int, width: int) -> None:
    """Write features of images with labels, and features of classes."""
    rng = np.random.default_rng(0)
    names = [f"class {n}" for n in range(classes)]
    features = rng.standard_normal((images, width), dtype=np.float32)
    labels = rng.integers(0, classes, images)
    np.savez(folder / "images.npz", features=features, labels=labels, class_names=names)
    texts = rng.standard_normal((classes, width), dtype=np.float32)
    np.savez(folder / "classes.npz", class_embeddings=texts, class_names=names)
    (folder / "task.yaml").write_text(TASK)
    (folder / "model.yaml").write_text("adapter: features\ntexts: classes.npz\n")


def ours() -> list[list[str]]:
    """Classify and judge."""
    zsbench = str(Path(sys.executable).with_name("zsbench"))
    return [[zsbench, "eval", "task.yaml", "--model", "model.yaml", "--method", "prompt-ensemble", "--out", "out"]]


def smallest(folder: Path) -> None:
    """One product of matrices; write the scores, take the best class, and Wilson's interval."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    held, classes = np.load(folder / "images.npz"), np.load(folder / "classes.npz")
    unit = [
        rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (held["features"], classes["class_embeddings"])
    ]
    scores = 100 * unit[0] @ unit[1].T
    column = pa.ListArray.from_arrays(np.arange(len(scores) + 1, dtype=np.int32) * scores.shape[1], scores.ravel())
    pq.write_table(pa.table({"id": np.arange(len(scores)).astype(str), "scores": column}), folder / "scores.parquet")
    n, p, z = len(scores), float((scores.argmax(1) == held["labels"]).mean()), 1.959964
    middle, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    print(p, (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))
