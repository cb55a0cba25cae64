"""Tar shards of samples: the members of one key, an image among them. Nothing is unpacked.

A member's key is its path up to the first dot of its base name, `a.b/0001.seg.png` -> `a.b/0001`, and its suffix the
rest, `seg.png`; hidden names are ignored as in folders. A suffix stands once with a key. Numbering may restart in each
shard: where a key stands in several, the shard's name is put before all ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.listing import files_below, is_hidden, require_folder
from zsbench.core.yamlio import shown
from zsbench.data.images.imagefiles import SUFFIXES
from zsbench.data.images.tar_members import Member, members_of

_ENDINGS = {".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst"}


@dataclass(frozen=True)
class Sample:
    """An image and the other members of its key, by suffix."""

    id: str
    image: Member
    parts: dict[str, Member]


def shard_files(options: dict[str, Any]) -> list[str]:
    """Return the shards of a local split; what is not there stands for itself, so that it is missed."""
    root, split = Path(options["path"]), str(options.get("split", "test"))
    if not root.exists():
        # Anything else that is not written as a path is the id of a data set on the hub.
        return [str(root)] if root.is_absolute() else []
    return [str(p) for p in shards_of(require_folder(root, "the folder of a data set"), split)]


def shards_of(root: Path, split: str) -> list[Path]:
    """Return the tar files of a split, compressed ones included, in the order of their paths.

    Raises
    ------
    UserError
        There are none; the message names the splits that there are.
    """
    shards = _tars(root / split)
    if not shards:
        splits = sorted(p.name for p in root.iterdir() if _tars(p)) if root.is_dir() else []
        expected = f"one of {', '.join(splits)}" if splits else "a folder with .tar shards"
        raise UserError(shown(root / split), "no .tar shards", expected)
    return shards


def _tars(folder: Path) -> list[Path]:
    return files_below(folder, _ENDINGS).files if folder.is_dir() else []


def read_samples(root: Path, split: str, labels: Collection[str]) -> tuple[list[Sample], dict[str, int]]:
    """Return the samples of a split in the order of the shards, and counts of what was left out.

    Parameters
    ----------
    root, split : the shards lie in `<root>/<split>`.
    labels : suffixes of members that make no sense without an image.

    Raises
    ------
    UserError
        No shards, a shard that is no uncompressed tar file or damaged, a link in it, a member or an image of one key
        twice, a label without an image.
    """
    counts: Counter[str] = Counter()
    keyed: list[tuple[Path, str, dict[str, Member]]] = []
    for shard in shards_of(root, split):
        keyed += [(shard, key, parts) for key, parts in _keys(shard, counts).items()]
    restarted = len({key for _, key, _ in keyed}) < len(keyed)
    samples = []
    for shard, key, parts in keyed:
        images = [suffix for suffix in parts if f".{suffix}" in SUFFIXES]
        if len(images) == 1:
            name = f"{shard.relative_to(root / split).with_suffix('').as_posix()}/{key}" if restarted else key
            samples.append(Sample(name, parts[images[0]], parts))
        elif images:
            raise UserError(shown(shard), f"sample '{key}' has {len(images)} images", "one")
        elif any(suffix in labels for suffix in parts):
            kinds = ", ".join(f".{suffix}" for suffix in parts)
            raise UserError(shown(shard), f"sample '{key}' has no image ({kinds})", f"one of {_image_suffixes()}")
        else:
            counts["members of shards that belong to no image"] += len(parts)
    if not samples:
        raise UserError(shown(root / split), "no image in the shards", f"members {_image_suffixes()}")
    return samples, dict(counts)


def _image_suffixes() -> str:
    return " ".join(sorted(SUFFIXES))


def _keys(shard: Path, counts: Counter[str]) -> dict[str, dict[str, Member]]:
    """Return the members of a shard, {key: {suffix: member}}."""
    keys: dict[str, dict[str, Member]] = {}
    for name, member in members_of(shard, counts):
        base = name.rpartition("/")[2]
        prefix = _prefix(name.removesuffix(base))
        if prefix is None or is_hidden(base):
            continue
        stem, _, suffix = base.partition(".")
        parts = keys.setdefault(prefix + stem, {})
        if suffix.lower() in parts:
            raise UserError(shown(shard), f"member '{name}' stands twice, or under one key", "unique keys in a shard")
        parts[suffix.lower()] = member
    return keys


@cache
def _prefix(folder: str) -> str | None:
    """Return what a member's folder puts before its key, None where a part of it is hidden."""
    path = PurePosixPath(folder)
    if any(is_hidden(part) for part in path.parts):
        return None
    return f"{path.as_posix().removesuffix('/')}/" if path.parts else ""
