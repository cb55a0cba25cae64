"""A folder with one sub-folder of images a class."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Pattern, ProperShare
from zsbench.core.errors import UserError
from zsbench.core.listing import Listing, files_below, files_in, require_folder, subfolders
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.imagefiles import SUFFIXES
from zsbench.data.images.items import ImageSet, from_path

_EXPECTED = "a folder with one sub-folder a class"
_TRAIN_SHARE = 0.8

Part = Literal["train", "test"]


def _files(options: dict[str, Any]) -> list[str]:
    root = Path(options["path"])
    if not root.exists():
        return [str(root)]
    split, share = options.get("split"), options.get("train_share", _TRAIN_SHARE)
    return [str(path) for folder, listing in _classes(root) for path in _part(folder, listing.files, split, share)]


def _classes(root: Path) -> list[tuple[Path, Listing]]:
    """Return the class folders with what lies in them."""
    folders = subfolders(require_folder(root, _EXPECTED))
    if not folders:
        raise UserError(shown(root), "no class folders", "one sub-folder a class")
    listed = [(folder, files_below(folder, SUFFIXES)) for folder in folders]
    for folder, listing in listed:
        if not listing.files:
            raise UserError(shown(folder), "a class folder without images", f"files {' '.join(sorted(SUFFIXES))}")
    return listed


def _part(folder: Path, files: list[Path], split: Part | None, train_share: float) -> list[Path]:
    """Return the images of a class that belong to a part of the data."""
    if split is None:
        return files
    # 0.7 of 10 is 7, whatever the float says.
    border = math.floor(round(train_share * len(files), 6))
    part = files[:border] if split == "train" else files[border:]
    if not part:
        found = f"no image for `split: {split}` among {len(files)} by `train_share: {train_share:g}`"
        raise UserError(shown(folder), found, "more images, or another share")
    return part


@source(gives="images", files=_files)
@companions(("train_share", "split"))
@image_options
def imagefolder(
    *,
    path: LocalPath,
    split: Part | None = None,
    train_share: ProperShare = _TRAIN_SHARE,
    cluster: Pattern | None = None,
    decoding: Decoding,
) -> ImageSet:
    """Read `<path>/<class>/**/<image>`; labels follow the sorted folder names.

    Hidden files and folders are ignored, links to folders followed, files that are no images counted.

    Parameters
    ----------
    path : the folder.
    split : for data without parts of their own, the images of every class are sorted by file name, and the first
        `train_share` of them, rounded down, are `train`, the others `test`; by default all are read.
    train_share : the share of a class's images that is `train`.
    cluster : a regular expression that finds, in each image's path below the folder, what the image comes from:
        `'/(.+)/'` takes the folders between class and image.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        No such folder, no class folders, a class folder without images (in the part), an image that is no file, or a
        name that is not UTF-8.
    """
    root = Path(path)
    classes = _classes(root)
    beside = files_in(root, SUFFIXES)
    items, labels, others = [], [], beside.others
    for label, (folder, listing) in enumerate(classes):
        files = _part(folder, listing.files, split, train_share)
        items += [from_path(file, file.relative_to(root).as_posix(), decoding) for file in files]
        labels += [label] * len(files)
        others += listing.others
    counts = {"images that lie in no class folder": len(beside.files)} if beside.files else {}
    names = [folder.name.replace("_", " ") for folder, _ in classes]
    of_images = clusters.of_paths([item.id for item in items], cluster, shown(root))
    return ImageSet(items, labels, names, counts=counts | beside.counts("images"), clusters=of_images)
