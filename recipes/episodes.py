"""Write image features of the held-out glyphs, split by class, for few-shot episodes.

`clip-glyphs-longtail` encodes the 1,100 images of data/glyphs. The classes it was trained on most play the part of the
base classes, of which only the mean feature is kept; the rarest are for testing, those between for validation.
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from PIL import Image

from recipes import glyphs
from recipes.clip import Judge
from recipes.common import arguments, seed_everything, write_card

MODEL = "clip-glyphs-longtail"
BASE, VALIDATION = 15, 15  # of 55 classes by falling training count; the 25 rarest are for testing


@torch.no_grad()
def encode(judge: Judge, images: list[Image.Image]) -> NDArray[np.float32]:
    """Return features (n, width), not normalised."""
    rows = []
    for start in range(0, len(images), 256):
        batch = torch.stack([judge.preprocess(image) for image in images[start : start + 256]])
        rows.append(judge.model.encode_image(batch).numpy())
    return np.concatenate(rows)


def accuracy(features: NDArray[np.float32], labels: NDArray[Any]) -> float:
    """Share of vectors whose nearest other vector is of the same class."""
    similarity = features @ features.T / np.linalg.norm(features, axis=1)
    np.fill_diagonal(similarity, -np.inf)
    return float((labels[similarity.argmax(axis=1)] == labels).mean())


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    seed_everything(options.seed)
    out: Path = options.out
    table = pq.read_table(out / "data" / "glyphs" / "test.parquet").to_pydict()
    images = [Image.open(BytesIO(image["bytes"])) for image in table["image"]]
    labels, names = np.array(table["label"]), np.array(glyphs.CLASSES)
    features = encode(Judge(out / "models" / MODEL), images)
    counts = json.loads((out / "models" / MODEL / "concept_counts.json").read_text(encoding="utf-8"))
    order = np.argsort([-counts[name] for name in names], kind="stable")
    base, validation, test = np.split(order, [BASE, BASE + VALIDATION])
    mean = features[np.isin(labels, base)].mean(axis=0)
    folder = out / "data" / "glyph-features"
    folder.mkdir(parents=True, exist_ok=True)
    reached = {}
    for split, classes in (("validation", validation), ("test", test)):
        rows = np.isin(labels, classes)
        half = features[rows].astype(np.float16)
        np.savez_compressed(folder / f"{split}.npz", base_mean=mean, features=half, labels=names[labels[rows]])
        reached[split] = {"1-nn, leave one out": round(accuracy(features[rows], labels[rows]), 4), "n": int(rows.sum())}
    write_card(
        folder,
        name="glyph-features",
        summary=f"{MODEL}'s features of held-out glyphs: 25 rare classes to test, 15 to validate, 20 images each.",
        recipe="python -m recipes.episodes",
        seed=options.seed,
        settings={
            "base classes (their mean only), with training images": {str(n): counts[n] for n in names[base]},
            "validation classes": {str(n): counts[n] for n in names[validation]},
            "test classes": {str(n): counts[n] for n in names[test]},
            "dtype": "float16, mean float32",
        },
        reached=reached,
        limits=[
            "The test classes are rare in the encoder's training (3 images and more); in the papers they are absent.",
            "Twenty images a class: 5 shots and 15 queries use all of them.",
        ],
    )


if __name__ == "__main__":
    main()
