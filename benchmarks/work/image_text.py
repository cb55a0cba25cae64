"""`zsbench score` of all similarities of images and captions: both directions, hits, recall, mAP, median ranks."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

SIZES = {"images": 5000, "captions": 5}
GOAL = 2.0
METRICS = [f"hit(query={kind})@{k}" for kind in ("text", "image") for k in (1, 5, 10)] + [
    *(f"recall(query=image)@{k}" for k in (1, 5, 10)),
    "mAP(query=image)",
    "median-rank(query=text)",
    "median-rank(query=image)",
]


def prepare(folder: Path, *, images: int, captions: int) -> None:
    """Write similarities (captions, images), a table of captions, and the images that it names."""
    from PIL import Image

    rng = np.random.default_rng(0)
    image = rng.standard_normal((images, 64), dtype=np.float32)
    text = np.repeat(image, captions, axis=0) + 2 * rng.standard_normal((images * captions, 64), dtype=np.float32)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (text, image)]
    np.savez(folder / "scores.npz", scores=unit[0] @ unit[1].T)
    (folder / "images").mkdir()
    lines = ["path,caption"]
    for number in range(images):
        name = f"images/{number:06d}.png"
        Image.new("RGB", (2, 2), (number % 256, number // 256, 0)).save(folder / name)
        lines += [f"{name},caption {k} of {number}" for k in range(captions)]
    (folder / "captions.csv").write_text("\n".join(lines) + "\n")


def ours() -> list[list[str]]:
    """Score the matrix."""
    zsbench = str(Path(sys.executable).with_name("zsbench"))
    files = ["--predictions", "scores.npz", "--gold", "captions.csv"]
    return [[zsbench, "score", "image-text-retrieval", *files, *(f"--metric={name}" for name in METRICS)]]


def smallest(folder: Path) -> None:
    """Count what scores at least like a positive, in either direction; resample the items for intervals."""
    with (folder / "captions.csv").open() as lines:
        paths = [row["path"] for row in csv.DictReader(lines)]
    places: dict[str, int] = {}
    owner = np.asarray([places.setdefault(path, len(places)) for path in paths])
    for path in places:
        (folder / path).read_bytes()
    scores = np.load(folder / "scores.npz")["scores"]
    own = scores[np.arange(len(owner)), owner]
    text = np.concatenate(
        [(scores[i : i + 256] >= own[i : i + 256, None]).sum(axis=1) for i in range(0, len(owner), 256)]
    )
    of_image = np.sort(own.reshape(len(places), -1))[:, ::-1]
    image = np.zeros(of_image.shape, dtype=np.int64)
    for i in range(0, len(scores), 256):
        for k in range(of_image.shape[1]):
            image[:, k] += (scores[i : i + 256] >= of_image[:, k]).sum(axis=0)
    precision = np.arange(1, of_image.shape[1] + 1) / image
    for name, ranks in (("text", text), ("image", image[:, 0])):
        print(name, [wilson((ranks <= k).mean(), len(ranks)) for k in (1, 5, 10)])
        print(name, np.median(ranks), bootstrap(ranks, lambda rows: np.median(rows, axis=1)))
    for rows in (*((image <= k).mean(axis=1) for k in (1, 5, 10)), precision.mean(axis=1)):
        print(rows.mean(), bootstrap(rows, lambda rows: rows.mean(axis=1)))


def wilson(share: float, n: int) -> tuple[float, float, float]:
    """Return a share with its interval."""
    z2 = 1.959964**2 / n
    half = (z2 * (share * (1 - share) + z2 / 4)) ** 0.5
    return share, (share + z2 / 2 - half) / (1 + z2), (share + z2 / 2 + half) / (1 + z2)


def bootstrap(values: np.ndarray, reduce) -> np.ndarray:
    """Return the interval over resamples of the items."""
    rng = np.random.default_rng(0)
    resamples = min(10_000, 200_000_000 // len(values))
    draws = [reduce(values[rng.integers(0, len(values), (100, len(values)))]) for _ in range(resamples // 100)]
    return np.quantile(np.concatenate(draws), [0.025, 0.975])
