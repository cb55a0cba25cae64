"""Tar shards in the layout of CLIP_benchmark, with class names and templates beside them.

<path>/classnames.txt, zeroshot_classification_templates.txt      one a line, in label order
<path>/<split>/*.tar      members KEY.jpg|png|webp with KEY.cls (a number), or KEY.npy (a 0/1 vector over classes)

Shards are indexed once and read in place: nothing is unpacked, so no member can be written anywhere.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.components import source
from zsbench.config import ModelRef
from zsbench.data._hub import local_dataset
from zsbench.data._images import SUFFIXES, ImageItem, ImageSet
from zsbench.errors import UserError
from zsbench.yamlio import shown


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


def _files(options: dict[str, Any]) -> list[str]:
    root = Path(options["path"])
    found = [str(p) for p in sorted(root.glob(f"{options.get('split', 'test')}/*.tar"))]
    return found + [str(p) for p in sorted(root.glob("*.txt"))]


@source(gives="images", files=_files)
def webdataset(*, path: ModelRef, split: str = "test", revision: str | None = None) -> ImageSet:
    """Read images and labels of a split; class names and templates come from the files beside the shards.

    Parameters
    ----------
    path : local folder, or the id of a data set on the hub (`clip-benchmark/wds_cifar10`).
    split : the sub-folder with the shards.
    revision : commit or tag on the hub.

    Raises
    ------
    UserError
        No shards, a damaged shard, an image without label, a label that is no number.
    """
    root = local_dataset(path, revision=revision, patterns=[f"{split}/*.tar", "*.txt"])
    samples = read_samples(root, split)
    items: list[ImageItem] = []
    labels: list[Any] = []
    for key, parts in samples.items():
        image = next((member for suffix, member in parts.items() if f".{suffix}" in SUFFIXES), None)
        if image is None:
            continue
        items.append(ImageItem(key, image.read))
        labels.append(_label(key, parts))
    if not items:
        raise UserError(shown(root / split), "no image in the shards", f"members {' '.join(sorted(SUFFIXES))}")
    templates = lines(root / "zeroshot_classification_templates.txt")
    return ImageSet(items, labels, lines(root / "classnames.txt"), templates)


def _label(key: str, parts: dict[str, Member]) -> int | list[int]:
    if "npy" in parts:
        return _labels(key, parts["npy"])
    if "cls" not in parts:
        raise UserError(shown(next(iter(parts.values())).shard), f"image '{key}' has no .cls member", "a label")
    text = parts["cls"].read().decode(errors="replace").strip()
    if not text.isdigit():
        raise UserError(shown(parts["cls"].shard), f"image '{key}' has label '{text}'", "a 0-based number")
    return int(text)


def _labels(key: str, member: Member) -> list[int]:
    """Return the numbers of an image's classes from its 0/1 vector."""
    import numpy as np

    try:
        vector = np.load(io.BytesIO(member.read()), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise UserError(shown(member.shard), f"image '{key}': .npy cannot be read ({error})") from None
    if vector.ndim != 1 or not np.isin(vector, (0, 1)).all():
        raise UserError(
            shown(member.shard), f"image '{key}': .npy of shape {vector.shape}", "a 0/1 vector over classes"
        )
    return [int(i) for i in np.flatnonzero(vector)]


def read_samples(root: Path, split: str) -> dict[str, dict[str, Member]]:
    """Return the members of every sample of a split, {key: {suffix: member}}, in the order of the shards.

    Raises
    ------
    UserError
        No shards, a shard that is no tar file, a key that stands in two shards.
    """
    shards = sorted((root / split).glob("*.tar"))
    if not shards:
        splits = sorted(p.name for p in root.iterdir() if p.is_dir() and any(p.glob("*.tar"))) if root.is_dir() else []
        expected = f"one of {', '.join(splits)}" if splits else "a folder with .tar shards"
        raise UserError(shown(root / split), "no .tar shards", expected)
    found: dict[str, dict[str, Member]] = {}
    for shard in shards:
        own: dict[str, dict[str, Member]] = {}
        for name, member in _members(shard):
            key, _, suffix = name.removeprefix("./").partition(".")
            own.setdefault(key, {})[suffix.lower()] = member
        repeated = next((key for key in own if key in found), None)
        if repeated is not None:
            raise UserError(shown(shard), f"sample '{repeated}' also stands in another shard", "unique keys")
        found |= own
    return found


def _members(shard: Path) -> Iterator[tuple[str, Member]]:
    try:
        with tarfile.open(shard) as archive:
            for entry in archive:
                if entry.isfile():
                    yield entry.name, Member(shard, entry.offset_data, entry.size)
    except (tarfile.TarError, OSError) as error:
        raise UserError(shown(shard), f"not a tar file ({error})") from None


def lines(path: Path) -> list[str] | None:
    """Return the lines of a text file without blank ones, or None when there is no such file."""
    if not path.is_file():
        return None
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
