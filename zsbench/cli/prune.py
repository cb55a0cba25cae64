"""`zsbench prune`: which items of a large data set to keep, by the complexity of their clusters."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import say
from zsbench.core.lazy import DoubleArray, IntArray


class Order(str, Enum):
    """Which items of a cluster stay first."""

    hard = "hard"
    easy = "easy"
    random = "random"


def prune(
    embeddings: Annotated[Path, typer.Argument(help=".npy, (n_items, width).")],
    clusters: Annotated[Path, typer.Option(help=".npy with the cluster number of each item, (n_items,).")],
    centroids: Annotated[
        Path | None, typer.Option(help=".npy, (n_clusters, width); default: the members' means.")
    ] = None,
    ratio: Annotated[float, typer.Option(min=1e-12, max=1, help="Share of the items to keep.")] = 0.5,
    temperature: Annotated[float, typer.Option(min=1e-6, max=1e6, help="Of the softmax over clusters.")] = 0.1,
    neighbours: Annotated[int, typer.Option(min=1, help="Nearest centroids that count.")] = 20,
    balance: Annotated[
        float, typer.Option(min=0, max=1, help="Least share of an even quota that each cluster keeps; 0 keeps one.")
    ] = 0.5,
    order: Annotated[Order, typer.Option(help="Which items of a cluster stay.")] = Order.hard,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="For --order random.")] = 42,
    out: Annotated[
        Path, typer.Option(help="Text file for the numbers of the kept items, one a line.", callback=file_to_write)
    ] = Path("keep.txt"),
    json: Annotated[bool, typer.Option("--json", help="Print quotas as JSON on stdout.")] = False,
) -> None:
    """Write the items to keep; the clusters come from your own k-means."""
    import numpy as np

    from zsbench.analysis import density_pruning as pruning
    from zsbench.core import outputs
    from zsbench.core.errors import UserError

    vectors, labels, centres = _read(embeddings, clusters, centroids)
    distances = pruning.distances_to_centroids(vectors, labels, centres)
    intra, inter = pruning.complexity(distances, labels, centres, neighbours=neighbours)
    share = pruning.shares(intra, inter, temperature=temperature)
    target = int(ratio * len(labels))
    if not target:
        raise UserError("--ratio", f"{ratio:g} of {len(labels)} items is none", f"at least {1 / len(labels):g}")
    sizes = np.bincount(labels, minlength=len(centres))
    quota = np.rint(pruning.quotas(share, target, *pruning.bounds(sizes, target, balance=balance))).astype(np.int64)
    kept = pruning.keep(distances, labels, quota, order=order.value, seed=seed)
    outputs.write_answer("--out", out, "".join(f"{i}\n" for i in kept).encode())
    if json:
        say(_as_json(len(kept), target, sizes, intra, inter, quota), data=True)
        return
    shares = 100 * quota / np.maximum(sizes, 1)
    say(
        f"{len(kept)} of {len(labels)} items kept ({target} asked for), "
        f"{shares.min():.0f} % to {shares.max():.0f} % of a cluster. Written to {out}"
    )


def _as_json(n_kept: int, target: int, sizes: IntArray, intra: DoubleArray, inter: DoubleArray, quota: IntArray) -> str:
    """Return sizes, complexities (null without members) and quotas of all clusters, (n_clusters,) each, as JSON."""
    import json

    known = [None if size == 0 else value for size, value in zip(sizes.tolist(), intra.tolist(), strict=True)]
    columns = (sizes.tolist(), known, inter.tolist(), quota.tolist())
    names = ("cluster", "size", "d_intra", "d_inter", "keep")
    rows = [dict(zip(names, row, strict=True)) for row in zip(range(len(sizes)), *columns, strict=True)]
    answer = {"schema_version": 1, "items": int(sizes.sum()), "target": target, "kept": n_kept, "clusters": rows}
    return json.dumps(answer, indent=2)


def _read(embeddings: Path, clusters: Path, centroids: Path | None) -> tuple[Any, IntArray, Any]:
    """Return items, cluster numbers and centroids, with shapes that fit."""
    import numpy as np

    from zsbench.analysis import density_pruning as pruning
    from zsbench.core import arrays
    from zsbench.core.errors import UserError

    def load(path: Path, n_axes: int) -> Any:
        array = arrays.single(path)
        if (
            array.ndim != n_axes
            or array.dtype.kind not in "fiu"
            or not all(np.isfinite(part).all() for _, part in pruning.blocks(array))
        ):
            raise UserError(str(path), f"{array.dtype} of shape {array.shape}", f"{n_axes} axes, finite numbers")
        return array

    vectors, labels = load(embeddings, 2), load(clusters, 1)
    if not len(vectors) or not vectors.any(axis=1).all():
        row = f"row {np.flatnonzero(~vectors.any(axis=1))[0]} is all 0" if len(vectors) else "no rows"
        raise UserError(str(embeddings), row, "vectors with a direction")
    if len(labels) != len(vectors) or not np.issubdtype(labels.dtype, np.integer) or labels.min(initial=0) < 0:
        numbers = f"{len(labels)} cluster numbers ({labels.dtype})"
        raise UserError(str(clusters), numbers, f"{len(vectors)} whole numbers from 0, one an item")
    if centroids is not None:
        centres = load(centroids, 2).astype(np.float64)
        if centres.shape[1] != vectors.shape[1] or labels.max(initial=0) >= len(centres):
            shape = f"centroids of shape {centres.shape}"
            raise UserError(str(centroids), shape, f"(more than {labels.max(initial=0)}, {vectors.shape[1]})")
        return vectors, labels, centres
    k = int(labels.max(initial=0)) + 1
    empty = np.flatnonzero(np.bincount(labels, minlength=k) == 0)
    if len(empty):
        raise UserError(str(clusters), f"cluster {empty[0]} has no items", "--centroids FILE, or numbers without gaps")
    return vectors, labels, pruning.mean_directions(vectors, labels, k)
