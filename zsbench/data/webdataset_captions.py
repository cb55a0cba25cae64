"""Tar shards of images with captions: members KEY.jpg|png|webp with KEY.txt, one caption a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench import textfiles
from zsbench.components import source
from zsbench.config import ModelRef
from zsbench.data._captions import CaptionedImages, checked
from zsbench.data._hub import local_dataset
from zsbench.data._images import SUFFIXES, ImageItem
from zsbench.data.webdataset import Member, read_samples
from zsbench.yamlio import shown


def _files(options: dict[str, Any]) -> list[str]:
    return [str(p) for p in sorted(Path(options["path"]).glob(f"{options.get('split', 'test')}/*.tar"))]


@source(gives="captioned-images", files=_files)
def webdataset_captions(*, path: ModelRef, split: str = "test", revision: str | None = None) -> CaptionedImages:
    """Read images and captions of a split.

    Parameters
    ----------
    path : local folder, or the id of a data set on the hub (`clip-benchmark/wds_flickr30k`).
    split : the sub-folder with the shards.
    revision : commit or tag on the hub.
    """
    root = local_dataset(path, revision=revision, patterns=[f"{split}/*.tar"])
    items, captions = [], []
    for key, parts in read_samples(root, split).items():
        image = next((member for suffix, member in parts.items() if f".{suffix}" in SUFFIXES), None)
        if image is not None:
            items.append(ImageItem(key, image.read))
            captions.append(_captions(key, parts))
    return checked(CaptionedImages(items, captions), shown(root / split))


def _captions(key: str, parts: dict[str, Member]) -> list[str]:
    if "txt" not in parts:
        return []
    text = textfiles.decoded(parts["txt"].read(), f"{shown(parts['txt'].shard)}: {key}.txt")
    return [line.strip() for line in text.split("\n") if line.strip()]
