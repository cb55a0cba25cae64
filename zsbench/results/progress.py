"""How far a run has come that has no result yet, from the files in its folder.

`progress.json` says how many items there are and how many go into a shard. It is no part of the run's identity: a
folder without it, as older versions left it, tells shards but not items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.core import files, jsonfiles, textfiles
from zsbench.core.errors import UserError
from zsbench.results import written

NAME = written.PROGRESS


@dataclass(frozen=True)
class Progress:
    """How many items have a prediction, and how many there are; None where the folder does not say.

    `is_run` says whether the folder holds anything that a run writes before its result.
    """

    done: int | None
    items: int | None
    is_run: bool


def write_progress(folder: Path, *, n_items: int, shard_size: int) -> None:
    """Write down how many items a run has, before anything is predicted."""
    files.write_json(folder / NAME, {"n_items": n_items, "shard_size": shard_size})


def read_progress(folder: Path) -> Progress:
    """Return how far a run has come: complete shards, and the items of one that is not complete."""
    known = _sizes(folder)
    numbered = (folder / written.SHARDS).glob("[0-9]*")
    shards = sorted(path for path in numbered if written.is_shard(path.name, (path.suffix,)))
    partial = sorted(path for path in folder.glob("partial-*") if written.is_partial(path.name, (path.suffix,)))
    is_run = bool(shards) or any((folder / name).is_file() for name in ("run.json", "items.parquet", NAME))
    begun = sum(map(_counted, partial[:1]))
    if known is None:
        return Progress(sum(map(_counted, shards)) + begun, None, is_run)
    n_items, shard_size = known
    return Progress(min(len(shards) * shard_size + begun, n_items), n_items, is_run)


def _sizes(folder: Path) -> tuple[int, int] | None:
    try:
        kept = jsonfiles.read(folder / NAME)
    except UserError:
        return None
    n_items, shard_size = (kept.get("n_items"), kept.get("shard_size")) if isinstance(kept, dict) else (None, None)
    if not (isinstance(n_items, int) and isinstance(shard_size, int) and shard_size > 0):
        return None
    return n_items, shard_size


def _counted(path: Path) -> int:
    """Return how many predictions a file holds, as far as it can be read."""
    try:
        return sum(1 for _ in _ids(path))
    except Exception:  # a file that a killed process left has as many kinds of damage as there are formats
        return 0


def _ids(path: Path) -> Iterator[Any]:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        yield from range(pq.read_metadata(path).num_rows)
    elif path.suffix == ".npz":
        from zsbench.tasks.formats import maps

        yield from maps.read(path, [])
    elif path.suffix == ".run":
        yield from {line.split(maxsplit=1)[0] for _, line in textfiles.lines(path) if line.strip()}
    else:
        yield from (line for _, line in textfiles.lines(path) if line.strip())
