"""Image data sets of torchvision by name: CIFAR10, Food101, OxfordIIITPet, GTSRB, DTD and many more."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.listing import every_file
from zsbench.data.hub import folder_files
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.items import ImageSet, from_path
from zsbench.data.images.library_item import LibraryItem
from zsbench.data.label_columns import UnlabelledImages, read_labels

# Classes that unpickle a file without a look at its checksum.
_PICKLED = ("LSUN", "LSUNClass")


def _files(options: dict[str, Any]) -> list[str]:
    root = Path(options["root"])
    if options.get("download"):
        return [str(path) for path in every_file(root)] if root.is_dir() else []
    return folder_files(str(root))


@source(gives="images", files=_files)
@image_options
def torchvision(
    *,
    name: Text,
    root: LocalPath,
    split: Text = "test",
    download: bool = False,
    unlabelled: UnlabelledImages = "error",
    decoding: Decoding,
) -> ImageSet:
    """Read a split of a data set class of `torchvision.datasets`.

    Parameters
    ----------
    name : the class, e.g. `CIFAR10`.
    root : folder with the data.
    split : `train` or `test` (or what the class calls it).
    download : fetch the data when the folder lacks it.
    unlabelled : what an image without label (-1) is: an error, dropped and counted, or kept for `unlabeled:`.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        Unknown class, no data in the folder, or a data set without labels.
    """
    data = _data_set(name, root, split, download, decoding)
    cells = _labels(data)
    if cells is None:
        raise UserError("", f"torchvision's {name} has no class labels", "a classification data set")
    names = list(data.classes) if getattr(data, "classes", None) else None
    where = f"{root}: {name}, split '{split}', item"
    column = read_labels(cells, where=lambda number: f"{where} {number}", unlabelled=unlabelled)
    items = [LibraryItem(f"{split}/{i:06d}", _loader(data, i), decoding) for i in column.kept]
    return ImageSet(items, column.labels, names or column.names, width=column.width, counts=column.counts)


def _data_set(name: str, root: str, split: str, download: bool, decoding: Decoding) -> Any:
    """Return a part of a data set as torchvision's class reads it.

    Raises
    ------
    UserError
        No such class, one that runs code from its files, no such part, or files that it cannot read.
    """
    from torchvision import datasets

    if name not in datasets.__all__:
        raise UserError("", f"torchvision has no data set '{name}'", "", did_you_mean(name, datasets.__all__))
    if name in _PICKLED:
        raise UserError("", f"torchvision's {name} reads a pickle, which may run code", "images in folders")
    make = getattr(datasets, name)
    accepted = inspect.signature(make).parameters
    options: dict[str, Any] = {"root": root, **_part(name, split, accepted)}
    options |= {"download": download} if "download" in accepted else {}
    if "loader" in accepted and accepted["loader"].default is not None:
        options["loader"] = lambda file: from_path(Path(file), str(file), decoding)
    try:
        return make(**options)
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(root, f"torchvision cannot read {name} ({reason})", "its files, or `download: true`") from None


def _part(name: str, split: str, accepted: Collection[str]) -> dict[str, Any]:
    """Return how a class is asked for a split; those that have none are read whole, as the default split."""
    if "split" in accepted:
        return {"split": split}
    known = ("train", "test") if "train" in accepted else ("test",)
    if split not in known:
        expected = "`train` or `test`" if "train" in accepted else "no `split:`: the class has one part only"
        raise UserError("", f"torchvision's {name} has no split '{split}'", expected, did_you_mean(split, known))
    return {"train": split == "train"} if "train" in accepted else {}


def _loader(data: Any, index: int) -> Callable[[], Any]:
    return lambda: data[index][0]


def _labels(data: Any) -> list[Any] | None:
    """Return the labels without decoding an image; the classes keep them under different names."""
    for attribute in ("targets", "labels", "_labels", "y", "_samples", "samples", "imgs"):
        held = getattr(data, attribute, None)
        if held is None or not len(held):
            continue
        values = [value[1] if isinstance(value, (tuple, list)) else value for value in held]
        # Tensors and numpy numbers say by `item` what they hold.
        values = [value.item() if hasattr(value, "item") else value for value in values]
        if all(isinstance(value, (int, float)) for value in values):
            return values
    return None
