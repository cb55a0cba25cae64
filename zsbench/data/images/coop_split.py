"""Images of a CoOp split file (`split_zhou_*.json`), the train/val/test lists that few-shot work on CLIP shares.

{"train": [[image path, label, class name], ...], "val": [...], "test": [...]}          paths relative to a folder

Source: Zhou et al. 2022, arXiv:2109.01134, appendix A.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Pattern
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.file_lists import listed_files
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.items import ImageSet, from_path
from zsbench.data.label_columns import read_labels

Rows = list[tuple[str, Any, str]]
Lists = dict[str, Rows]


def _files(options: dict[str, Any]) -> list[str]:
    path = Path(options["path"])
    rows = read_lists(path)[options.get("split", "test")] if path.is_file() else []
    return [str(path), *_images(rows, Path(options["images"]), path)]


def _images(rows: Rows, folder: Path, path: Path) -> list[str]:
    """Return the distinct images of a list; a missing one is an error."""
    return listed_files(((shown(path), folder / name, name) for name, _, _ in rows), folder)


@source(gives="images", files=_files)
@image_options
def coop_split(
    *,
    path: LocalPath,
    images: LocalPath,
    split: Literal["train", "val", "test"] = "test",
    cluster: Pattern | None = None,
    decoding: Decoding,
) -> ImageSet:
    """Read one list of a split file; class names are those of the file, underscores as spaces.

    Parameters
    ----------
    path : the JSON file.
    images : the folder that image paths start at.
    split : which list.
    cluster : a regular expression that finds, in each image's path, what the image comes from.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        No such file, no split file, or labels that do not number the class names.
    """
    file, folder = Path(path), Path(images)
    lists = {part: _numbered(rows, f"{shown(file)}: {part}") for part, rows in read_lists(file).items()}
    classes = sorted({(label, name) for rows in lists.values() for _, label, name in rows})
    if [label for label, _ in classes] != list(range(len(classes))):
        found = f"{len(classes)} pairs of label and class name"
        raise UserError(shown(file), found, "labels 0, 1, 2, ... with one class name each")
    rows = lists[split]
    _images(rows, folder, file)
    items = [from_path(folder / name, name, decoding) for name, _, _ in rows]
    of_images = clusters.of_paths([name for name, _, _ in rows], cluster, f"{shown(file)}: {split}")
    labels, names = [label for _, label, _ in rows], [name.replace("_", " ") for _, name in classes]
    return ImageSet(items, labels, names, clusters=of_images)


def _numbered(rows: Rows, where: str) -> Rows:
    """Return rows whose labels are whole numbers."""
    column = read_labels(
        [label for _, label, _ in rows], where=lambda number: f"{where}, row {number}", unlabelled=None
    )
    return [(name, label, class_name) for (name, _, class_name), label in zip(rows, column.labels, strict=True)]


def read_lists(path: Path) -> Lists:
    """Return (image path, label, class name) of every image by list.

    Raises
    ------
    UserError
        The file is missing or holds something else.
    """
    expected = '{"train": [[path, label, class name], ...], "val": ..., "test": ...}'
    lists = jsonfiles.read(path, expected, wrong="not a CoOp split file")
    try:
        return {
            part: [(str(name), label, str(class_name)) for name, label, class_name in lists[part]]
            for part in ("train", "val", "test")
        }
    except (ValueError, KeyError, TypeError) as error:
        wrong = f"not a CoOp split file ({type(error).__name__}: {error})"
        raise UserError(shown(path), wrong, expected) from None
