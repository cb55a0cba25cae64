"""Tar shards in the layout of CLIP_benchmark, with class names and templates beside them.

<path>/classnames.txt, zeroshot_classification_templates.txt      one a line, in label order
<path>/<split>/*.tar      members KEY.jpg|png|webp with KEY.cls (a number, or a name of classnames.txt), KEY.json
                          (the same, or an object with `label`), or KEY.npy (a 0/1 vector over classes)

Beside KEY.cls, KEY.npy holds facts about the image (WILDS: region, year ...), whole numbers.

Shards are indexed once and read in place: nothing is unpacked, so no member can be written anywhere.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench import jsonfiles, textfiles
from zsbench.components import source
from zsbench.config import ModelRef
from zsbench.data._hub import local_dataset
from zsbench.data._images import SUFFIXES, ImageItem, ImageSet
from zsbench.data.label_columns import Unlabelled, read_labels
from zsbench.errors import UserError
from zsbench.lazy import lazy
from zsbench.options import Natural, Text
from zsbench.yamlio import shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")


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
def webdataset(
    *,
    path: ModelRef,
    split: Text = "test",
    revision: Text | None = None,
    group: Natural | None = None,
    unlabelled: Unlabelled = "error",
) -> ImageSet:
    """Read images and labels of a split; class names and templates come from the files beside the shards.

    Parameters
    ----------
    path : local folder, or the id of a data set on the hub (`clip-benchmark/wds_cifar10`).
    split : the sub-folder with the shards.
    revision : commit or tag on the hub.
    group : which of the facts in KEY.npy is the image's group, from 0 on.
    unlabelled : what an image whose label is empty or -1 is: an error, or dropped and counted.

    Raises
    ------
    UserError
        No shards, a damaged shard, an image without label or without the fact asked for, a label that is no class.
    """
    root = local_dataset(path, revision=revision, patterns=[f"{split}/*.tar", "*.txt"])
    samples = read_samples(root, split)
    images: list[tuple[str, dict[str, Member], ImageItem]] = []
    for key, parts in samples.items():
        image = next((member for suffix, member in parts.items() if f".{suffix}" in SUFFIXES), None)
        if image is not None:
            images.append((key, parts, ImageItem(key, image.read)))
    if not images:
        raise UserError(shown(root / split), "no image in the shards", f"members {' '.join(sorted(SUFFIXES))}")
    names = lines(root / "classnames.txt")

    def where(number: int) -> str:
        key, parts, _ = images[number]
        return f"{_shard(parts)}: image '{key}'"

    cells = [_label(key, parts) for key, parts, _ in images]
    column = read_labels(cells, where=where, unlabelled=unlabelled, names=names)
    if column.names is not None and names is None:
        label = column.names[column.labels[0]]
        raise UserError(
            where(column.kept[0]), f"it has label '{label}'", "a 0-based number, or names in classnames.txt"
        )
    kept = [images[i] for i in column.kept]
    groups = [] if group is None else [_fact(key, parts, group) for key, parts, _ in kept]
    return ImageSet(
        [item for _, _, item in kept],
        column.labels,
        names,
        lines(root / "zeroshot_classification_templates.txt"),
        groups or None,
        column.width,
        column.counts,
    )


def _shard(parts: dict[str, Member]) -> str:
    return shown(next(iter(parts.values())).shard)


def _label(key: str, parts: dict[str, Member]) -> Any:
    """Return what stands for an image's label: the text of .cls, what .json says, or the vector of .npy."""
    if "cls" in parts:
        return textfiles.decoded(parts["cls"].read(), f"{shown(parts['cls'].shard)}: {key}.cls")
    if "json" in parts:
        found = _in_json(key, parts["json"])
        if found is not None:
            return found
    if "npy" not in parts:
        raise UserError(_shard(parts), f"image '{key}' has no .cls member", "a label")
    vector = _vector(key, parts["npy"])
    if vector.size == 1:
        return vector.item()
    if vector.ndim != 1 or not np.isin(vector, (0, 1)).all():
        found = f"image '{key}': .npy of shape {vector.shape}"
        raise UserError(_shard(parts), found, "a 0/1 vector over classes")
    return vector.tolist()


def _in_json(key: str, member: Member) -> Any:
    """Return the label of a .json member: the value itself, or what its `label`, `labels` or `cls` says."""
    where = f"{shown(member.shard)}: {key}.json"
    value = jsonfiles.parse(textfiles.decoded(member.read(), where), where, "a label")
    if not isinstance(value, dict):
        return value
    return next((value[name] for name in ("label", "labels", "cls") if name in value), None)


def _fact(key: str, parts: dict[str, Member], number: int) -> str:
    """Return one of the facts beside an image's label."""
    if "npy" not in parts:
        raise UserError(_shard(parts), f"image '{key}' has no .npy member", "its group")
    facts = _vector(key, parts["npy"])
    if facts.ndim != 1 or not 0 <= number < len(facts):
        expected = f"a vector with entry {number}, the group"
        raise UserError(shown(parts["npy"].shard), f"image '{key}': .npy of shape {facts.shape}", expected)
    return f"{facts[number]:g}"


def _vector(key: str, member: Member) -> NDArray[Any]:
    try:
        found: NDArray[Any] = np.load(io.BytesIO(member.read()), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise UserError(shown(member.shard), f"image '{key}': .npy cannot be read ({error})") from None
    return found


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
    return jsonfiles.texts(path) if path.exists() else None
