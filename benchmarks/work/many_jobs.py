"""`zsbench eval` of eleven cheap rows over one folder of images, beside one such row over the same folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

SIZES = {"images": 5000, "side": 224}
GOAL = 1.5
ZSBENCH = str(Path(sys.executable).with_name("zsbench"))


def prepare(folder: Path, *, images: int, side: int) -> None:
    """Write noise as JPEG files in ten class folders, a task over them, and a suite of eleven rows."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for number in range(images):
        place = folder / "images" / f"class {number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number:06d}.jpg")
    data = "data: {source: imagefolder, path: images}\nmetrics: [acc@1]\nmethod: random-class\n"
    (folder / "t.yaml").write_text(f"type: image-classification\ndescription: d\n{data}")
    rows = ["random-class", *(f"{{name: majority, of: class {label}, label: m{label}}}" for label in range(10))]
    (folder / "s.yaml").write_text(f"description: d\nruns:\n- {{tasks: t.yaml, methods: [{', '.join(rows)}]}}\n")


def ours() -> list[list[str]]:
    """Run the suite."""
    return [[ZSBENCH, "eval", "s.yaml", "-q", "--out", "out"]]


def smallest(folder: Path) -> None:
    """Run one of the rows."""
    command = [ZSBENCH, "eval", "t.yaml", "-q", "--fresh", "--out", "one"]
    subprocess.run(command, cwd=folder, check=True)
