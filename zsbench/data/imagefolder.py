"""A folder with one sub-folder of images a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._images import SUFFIXES, ImageSet, from_path
from zsbench.errors import UserError
from zsbench.yamlio import shown


def _files(options: dict[str, Any]) -> list[str]:
    return [str(path) for path in _images(Path(options["path"]))] or [options["path"]]


def _images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/**/*") if path.suffix.lower() in SUFFIXES)


@source(gives="images", files=_files)
def imagefolder(*, path: LocalPath) -> ImageSet:
    """Read `<path>/<class>/**/<image>`; labels follow the sorted folder names.

    Parameters
    ----------
    path : the folder.

    Raises
    ------
    UserError
        No such folder, no class folders, or a class folder without images.
    """
    root = Path(path)
    if not root.is_dir():
        raise UserError(shown(root), "no such folder", "a folder with one sub-folder a class")
    classes = sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not classes:
        raise UserError(shown(root), "no class folders", "one sub-folder a class")
    found = _images(root)
    labels = [classes.index(p.relative_to(root).parts[0]) for p in found]
    empty = [name for i, name in enumerate(classes) if i not in set(labels)]
    if empty:
        raise UserError(shown(root / empty[0]), "a class folder without images", f"files {' '.join(sorted(SUFFIXES))}")
    items = [from_path(p, p.relative_to(root).as_posix()) for p in found]
    return ImageSet(items, labels, [name.replace("_", " ") for name in classes])
