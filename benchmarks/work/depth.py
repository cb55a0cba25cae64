"""`zsbench score` of depth maps: frames of 480x640, predictions in the shards that `eval` writes, nine metrics."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

SIZES = {"frames": 300, "height": 480, "width": 640}
GOAL = 1.2

METRICS = ["AbsRel", "SqRel", "RMSE", "RMSElog", "log10", "SILog", "delta@1", "delta@2", "delta@3"]
LEAST, MOST = 1e-3, 80.0


def prepare(folder: Path, *, frames: int, height: int, width: int) -> None:
    """Write pictures, ground truth in millimetres with holes, and predictions with noise that is not all noise."""
    from PIL import Image

    from zsbench.tasks.formats import maps

    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:height, :width]
    lines, names, shard = [], [], []
    for name in ("rgb", "depth", "pred"):
        (folder / name).mkdir()
    picture = Image.fromarray(rng.integers(0, 255, (height // 8, width // 8, 3), dtype=np.uint8))
    for number in range(frames):
        name = f"f{number:04d}"
        truth = 2 + np.sin(rows / 90 + number) + columns / width * 4
        picture.resize((width, height)).save(folder / "rgb" / f"{name}.jpg")
        seen = rng.random((height, width)) > 0.05
        Image.fromarray((truth * 1000 * seen).astype(np.uint16)).save(folder / "depth" / f"{name}.png")
        lines.append({"id": name, "rgb": f"rgb/{name}.jpg", "depth": f"depth/{name}.png", "depth_scale": 1000})
        names.append(name)
        shard.append((truth * (1 + 0.1 * rng.standard_normal((height, width)).round(1))).astype(np.float32))
        if len(shard) == 16 or number == frames - 1:
            maps.write(names, shard, folder / "pred" / f"{number // 16:05d}.npz")
            names, shard = [], []
    (folder / "frames.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def ours() -> list[list[str]]:
    """Score the folder."""
    zsbench = str(Path(sys.executable).with_name("zsbench"))
    chosen = [part for name in METRICS for part in ("--metric", name)]
    return [[zsbench, "score", "depth", "--predictions", "pred", "--gold", "frames.jsonl", *chosen]]


def smallest(folder: Path) -> None:
    """Go through frames and maps together, take mask and logarithms once, and bootstrap the means."""
    from PIL import Image

    frames = [json.loads(line) for line in (folder / "frames.jsonl").open()]
    shards = [np.load(path) for path in sorted((folder / "pred").glob("*.npz"))]
    maps = {name: shard for shard in shards for name in shard.files}
    table = []
    for frame in frames:
        with Image.open(folder / frame["depth"]) as image:
            gold = np.asarray(image, dtype=np.float32) / np.float32(frame["depth_scale"])
        valid = (gold >= LEAST) & (gold <= MOST)
        p, g = maps[frame["id"]][frame["id"]][valid].astype(np.float64), gold[valid].astype(np.float64)
        error = np.log(p) - np.log(g)
        distance = np.abs(p - g)
        square = distance**2
        ratio = np.maximum(p / g, g / p)
        log_square = (error**2).mean()
        table.append(
            [
                (distance / g).mean(),
                (square / g).mean(),
                square.mean() ** 0.5,
                log_square**0.5,
                np.abs(error).mean() / np.log(10),
                (log_square - error.mean() ** 2) ** 0.5,
                *((ratio < 1.25**k).mean() for k in (1, 2, 3)),
            ]
        )
    values = np.asarray(table)
    draws = np.random.default_rng(0).multinomial(len(values), np.full(len(values), 1 / len(values)), 10_000)
    ends = np.quantile(draws @ values / len(values), [0.025, 0.975], axis=0)
    for name, value, low, high in zip(METRICS, values.mean(axis=0), *ends, strict=True):
        print(name, value, low, high)
