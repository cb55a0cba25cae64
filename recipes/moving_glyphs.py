"""Short videos for video classification: held-out glyphs that cross the picture, in three splits.

A glyph starts beyond one edge and ends beyond the other, so that the middle of a video shows it whole.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from recipes import glyphs
from recipes.common import arguments, seed_everything, write_card

SPLITS, VIDEOS, FRAMES = 3, 15, 5
REACH = 18  # pixels from the middle to the first and to the last frame

Pixels = NDArray[np.uint8]


def crossing(image: Pixels, direction: int, axis: int) -> Pixels:
    """Frames (FRAMES, height, width, 3) of an image pushed along an axis; what enters is the colour of its corner."""
    frames = []
    for shift in np.linspace(-REACH, REACH, FRAMES).round().astype(int) * direction:
        moved = np.roll(image, shift, axis=axis)
        entered = slice(0, shift) if shift > 0 else slice(len(image) + shift, None) if shift < 0 else slice(0, 0)
        moved[(entered, slice(None)) if axis == 0 else (slice(None), entered)] = image[0, 0]
        frames.append(moved)
    return np.stack(frames)


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    rng = seed_everything(options.seed)
    table = pq.read_table(options.out / "data" / "glyphs" / "test.parquet").to_pydict()
    labels = np.array(table["label"])
    folder: Path = options.out / "data" / "moving-glyphs"
    folder.mkdir(parents=True, exist_ok=True)
    for split in range(1, SPLITS + 1):
        classes = np.sort(rng.choice(len(glyphs.CLASSES), VIDEOS, replace=False))
        chosen = [int(rng.choice(np.flatnonzero(labels == label))) for label in classes]
        pictures = [np.array(Image.open(BytesIO(table["image"][i]["bytes"])).convert("RGB")) for i in chosen]
        frames = [crossing(picture, int(rng.choice([-1, 1])), int(rng.integers(2))) for picture in pictures]
        np.savez_compressed(
            folder / f"split-{split}.npz",
            frames=np.stack(frames),
            labels=classes.astype(np.int64),
            class_names=np.array(glyphs.CLASSES),
        )
    write_card(
        folder,
        name="moving-glyphs",
        summary=f"{SPLITS} splits of {VIDEOS} videos of {FRAMES} frames: a held-out glyph crosses the picture.",
        recipe="python -m recipes.moving_glyphs",
        seed=options.seed,
        settings={"splits": SPLITS, "videos a split": VIDEOS, "frames": FRAMES, "classes": len(glyphs.CLASSES)},
        reached={},
        limits=["What moves is named, not how it moves: order and speed of the frames carry nothing."],
    )


if __name__ == "__main__":
    main()
