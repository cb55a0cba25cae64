"""A folder of photographs through the embedded CLIP: read, decode, preprocess, encode, best class."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

SIZES = {"images": 5000}
GOAL = 1.0
CLASSES = ("circle", "cross", "heart", "square", "star")
MODEL = Path(__file__).parents[2] / "zsbench" / "assets" / "models" / "clip-glyphs"


def prepare(folder: Path, *, images: int) -> None:
    """Write JPEG files of 500 x 375 pixels, about 50 kB each."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for number in range(images):
        coarse = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        pixels = np.asarray(coarse.resize((500, 375), Image.Resampling.BICUBIC), dtype=np.int16)
        noisy = np.clip(pixels + rng.integers(-12, 13, pixels.shape, dtype=np.int16), 0, 255).astype(np.uint8)
        path = folder / "images" / CLASSES[number % len(CLASSES)] / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy).save(path, quality=85)
    task: dict[str, Any] = {
        "description": "photographs",
        "type": "image-classification",
        "templates": ["a photo of a {}"],
    }
    task |= {"metrics": ["acc@1"], "data": {"source": "imagefolder", "path": "images"}}
    (folder / "task.yaml").write_text(json.dumps(task))


def ours() -> list[list[str]]:
    """Evaluate the folder."""
    zsbench = str(Path(sys.executable).with_name("zsbench"))
    return [[zsbench, "eval", "task.yaml", "--model", "clip-glyphs", "--out", "out"]]


def smallest(folder: Path) -> None:
    """A DataLoader with two workers, the model, the best class."""
    import open_clip
    import torch
    from torchvision.datasets import ImageFolder

    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{MODEL}")
    texts = open_clip.get_tokenizer(f"local-dir:{MODEL}")([f"a photo of a {name}" for name in CLASSES])
    right = total = 0
    with torch.inference_mode():
        weights = torch.nn.functional.normalize(model.eval().encode_text(texts), dim=1)
        loader = torch.utils.data.DataLoader(ImageFolder(folder / "images", preprocess), batch_size=128, num_workers=2)
        for pixels, labels in loader:
            features = torch.nn.functional.normalize(model.encode_image(pixels), dim=1)
            right += int(((features @ weights.T).argmax(dim=1) == labels).sum())
            total += len(labels)
    print(right / total)
