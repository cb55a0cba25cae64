"""A folder with one sub-folder of images a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Pattern
from zsbench.core.errors import UserError
from zsbench.core.listing import Listing, files_below, files_in, require_folder, subfolders
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.imagefiles import SUFFIXES
from zsbench.data.images.items import ImageSet, from_path

_EXPECTED = "a folder with one sub-folder a class"


def _files(options: dict[str, Any]) -> list[str]:
    root = Path(options["path"])
    return [str(p) for _, listing in _classes(root) for p in listing.files] if root.exists() else [str(root)]


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


@source(gives="images", files=_files)
@image_options
def imagefolder(
    *,
    path: LocalPath,
    cluster: Pattern | None = None,
    decoding: Decoding,
) -> ImageSet:
    """Read `<path>/<class>/**/<image>`; labels follow the sorted folder names.

    Hidden files and folders are ignored, links to folders followed, files that are no images counted.

    Parameters
    ----------
    path : the folder.
    cluster : a regular expression that finds, in each image's path below the folder, what the image comes from:
        `'/(.+)/'` takes the folders between class and image.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        No such folder, no class folders, a class folder without images, an image that is no file, or a name that is
        not UTF-8.
    """
    root = Path(path)
    classes = _classes(root)
    beside = files_in(root, SUFFIXES)
    items, labels, others = [], [], beside.others
    for label, (_, listing) in enumerate(classes):
        items += [from_path(file, file.relative_to(root).as_posix(), decoding) for file in listing.files]
        labels += [label] * len(listing.files)
        others += listing.others
    counts = {"images that lie in no class folder": len(beside.files)} if beside.files else {}
    names = [folder.name.replace("_", " ") for folder, _ in classes]
    of_images = clusters.of_paths([item.id for item in items], cluster, shown(root))
    return ImageSet(items, labels, names, counts=counts | beside.counts("images"), clusters=of_images)
