"""Members of a tar shard: indexed once and read in place, so that none is written anywhere and no link is followed."""

from __future__ import annotations

import os
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.listing import require_utf8
from zsbench.core.yamlio import shown

_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstandard"}


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


def members_of(shard: Path, counts: Counter[str]) -> Iterator[tuple[str, Member]]:
    """Yield name and place of every file of a shard; one without tar's end mark is added to `counts`.

    Raises
    ------
    UserError
        A compressed or damaged archive, a link or a device in it, a name that is not UTF-8.
    """
    with shard.open("rb") as handle:
        start = handle.read(8)
    packed = next((name for magic, name in _COMPRESSED.items() if start.startswith(magic)), None)
    if packed is not None:
        raise UserError(shown(shard), f"compressed ({packed})", "a plain .tar, as members are read in place")
    try:
        with tarfile.open(shard, "r:") as archive:
            while entry := archive.next():
                # Otherwise the archive holds every entry until it is closed.
                archive.members.clear()  # type: ignore[attr-defined]
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
