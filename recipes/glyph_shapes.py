"""Embeddings of drawn shapes and of their names in one file, as an encoder of 3D shapes would leave them.

`clip-glyphs` plays the encoder; the class embeddings are means of unit vectors over its templates, not normalised.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image

from recipes import glyphs
from recipes.clip import TEMPLATES, Judge
from recipes.common import arguments, seed_everything, write_card
from recipes.episodes import encode

MODEL = "clip-glyphs"
NAMES = glyphs.CLASSES[glyphs.STROKED :]


@torch.no_grad()
def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    seed_everything(options.seed)
    out: Path = options.out
    table = pq.read_table(out / "data" / "glyphs" / "test.parquet").to_pydict()
    rows = np.flatnonzero(np.array(table["label"]) >= glyphs.STROKED)
    judge = Judge(out / "models" / MODEL)
    features = encode(judge, [Image.open(BytesIO(table["image"][int(i)]["bytes"])) for i in rows])
    prompts = [judge.tokenizer([template.format(name) for name in NAMES]) for template in TEMPLATES]
    texts = torch.stack([judge.model.encode_text(tokens, normalize=True) for tokens in prompts]).mean(dim=0).numpy()
    labels = np.array(table["label"])[rows] - glyphs.STROKED
    folder = out / "data" / "glyph-shapes"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / "shapes.npz",
        features=features.astype(np.float16),
        labels=labels.astype(np.int64),
        class_names=np.array(NAMES),
        class_embeddings=texts.astype(np.float16),
    )
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    right = (unit @ (texts / np.linalg.norm(texts, axis=1, keepdims=True)).T).argmax(axis=1) == labels
    write_card(
        folder,
        name="glyph-shapes",
        summary=f"{MODEL}'s embeddings of {len(rows)} held-out drawings of {len(NAMES)} shapes and of their names.",
        recipe="python -m recipes.glyph_shapes",
        seed=options.seed,
        settings={"dtype": "float16", "templates": list(TEMPLATES)},
        reached={"top1": round(float(right.mean()), 4), "n": len(rows)},
        limits=["Drawings, not point clouds: the file has the layout of an encoder of 3D shapes, not its content."],
    )


if __name__ == "__main__":
    main()
