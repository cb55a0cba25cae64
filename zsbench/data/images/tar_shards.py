"""Tar shards of samples: the members of one key, an image among them. Nothing is unpacked.

A member's key is its path up to the first dot of its base name, `a.b/0001.seg.png` -> `a.b/0001`, and its suffix the
rest, `seg.png`; hidden names are ignored as in folders. A suffix stands once with a key. Numbering may restart in each
shard: where a key stands in several, the shard's name is put before all ids.

Shards are indexed once and read in place, so no member can be written anywhere, and links in them lead nowhere.
"""

from __future__ import annotations

import os
import tarfile
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.listing import files_below, is_hidden, require_utf8
from zsbench.core.yamlio import shown
from zsbench.data.images.imagefiles import SUFFIXES

_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstandard"}
_ENDINGS = {".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst"}


@dataclass(frozen=True)
class Member:
    """Where one file of a shard lies."""

    shard: Path
    offset: int
    size: int

    def read(self) -> bytes:
        """Return the file's bytes; safe to call from several threads."""
        with self.shard.open("rb") as handle:
            return os.pread(handle.fileno(), self.size, self.offset)


@dataclass(frozen=True)
class Sample:
    """An image and the other members of its key, by suffix."""

    id: str
    image: Member
    parts: dict[str, Member]


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
    for name, member in _members(shard, counts):
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


def _members(shard: Path, counts: Counter[str]) -> Iterator[tuple[str, Member]]:
    with shard.open("rb") as handle:
        start = handle.read(8)
    packed = next((name for magic, name in _COMPRESSED.items() if start.startswith(magic)), None)
    if packed is not None:
        raise UserError(shown(shard), f"compressed ({packed})", "a plain .tar, as members are read in place")
    try:
        with tarfile.open(shard, "r:") as archive:
            for entry in archive:
                require_utf8(entry.name, shown(shard))
                if entry.isfile():
                    yield entry.name, Member(shard, entry.offset_data, entry.size)
                elif not entry.isdir():
                    kind = f"a link to '{entry.linkname}'" if entry.issym() or entry.islnk() else "no regular file"
                    raise UserError(shown(shard), f"member '{entry.name}' is {kind}", "files")
            end = archive.offset
    except OSError as error:
        raise files.unreadable(shard, error) from None
    except tarfile.TarError as error:
        raise UserError(shown(shard), f"not a tar file, or damaged ({error})") from None
    if not _ends_well(shard, end):
        counts["shards that stop without tar's end mark"] += 1


def _ends_well(shard: Path, end: int) -> bool:
    """Return whether zeros end a shard where its last member does.

    Raises
    ------
    UserError
        Something else follows: `tarfile` stops at a damaged header, or where two archives were put together.
    """
    with shard.open("rb") as handle:
        handle.seek(end)
        rest = False
        while block := handle.read(1 << 20):
            rest = True
            if block.count(0) < len(block):
                found = f"what follows byte {end} is no member: it is damaged, or several archives in one file"
                raise UserError(shown(shard), found, "one whole tar archive")
    return rest
