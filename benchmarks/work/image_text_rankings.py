"""`zsbench score` of the rankings that `eval` keeps, the best 100 of each image and caption: hits both ways."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

SIZES = {"images": 5000, "captions": 5, "depth": 100}
GOAL = 2.0


def prepare(folder: Path, *, images: int, captions: int, depth: int) -> None:
    """Write rankings with random scores, a table of captions, and the images that it names."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image

    rng = np.random.default_rng(0)
    (folder / "images").mkdir()
    names = [f"images/{number:06d}.png" for number in range(images)]
    for name in names:
        Image.new("RGB", (2, 2)).save(folder / name)
    texts = [f"{name}#{k}" for name in names for k in range(captions)]
    lines = [f"{key.partition('#')[0]},caption {key}" for key in texts]
    (folder / "captions.csv").write_text("\n".join(["path,caption", *lines]) + "\n")
    n = images * (captions + 1)
    found = [pa.array(names).take(rng.choice(images, depth, replace=False)) for _ in texts]
    found += [pa.array(texts).take(rng.choice(len(texts), depth, replace=False)) for _ in names]
    scores = np.sort(rng.random((n, depth), dtype=np.float32))[:, ::-1].ravel()
    ends = pa.array(np.arange(n + 1, dtype=np.int32) * depth)
    lists = [pa.ListArray.from_arrays(ends, values) for values in (pa.concat_arrays(found), pa.array(scores))]
    pq.write_table(pa.table({"id": texts + names, "found": lists[0], "scores": lists[1]}), folder / "found.parquet")


def ours() -> list[list[str]]:
    """Score the rankings."""
    zsbench = str(Path(sys.executable).with_name("zsbench"))
    files = ["--predictions", "found.parquet", "--gold", "captions.csv"]
    return [[zsbench, "score", "image-text-retrieval", *files]]


def smallest(folder: Path) -> None:
    """Find the positives in the columns, count what scores at least like the best of them."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from benchmarks.work.image_text import wilson

    with (folder / "captions.csv").open() as lines:
        paths = dict.fromkeys(row["path"] for row in csv.DictReader(lines))
    for path in paths:
        (folder / path).read_bytes()
    table = pq.read_table(folder / "found.parquet")
    shape = (len(table), -1)
    found, scores = (table[name].combine_chunks().values for name in ("found", "scores"))
    queries = pc.replace_substring_regex(table["id"].combine_chunks(), "#.*", "").dictionary_encode()
    images = pc.replace_substring_regex(found, "#.*", "").dictionary_encode()
    of_image = pc.index_in(images.dictionary, queries.dictionary).to_numpy(zero_copy_only=False)
    right = of_image[images.indices.to_numpy()].reshape(shape) == queries.indices.to_numpy()[:, None]
    scores = scores.to_numpy().reshape(shape)
    first = np.where(right, scores, -np.inf).max(axis=1)
    ranks = np.where(right.any(axis=1), (scores >= first[:, None]).sum(axis=1), np.inf)
    for part in (ranks[: -len(paths)], ranks[-len(paths) :]):
        print([wilson((part <= k).mean(), len(part)) for k in (1, 5, 10)])
