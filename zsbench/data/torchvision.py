"""Image data sets of torchvision by name: CIFAR10, Food101, OxfordIIITPet, GTSRB, DTD and many more."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zsbench.components import source
from zsbench.config import LocalPath
from zsbench.data._images import ImageSet
from zsbench.data.label_columns import Unlabelled, read_labels
from zsbench.errors import RunError, UserError, did_you_mean

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class TorchvisionItem:
    """One image of a torchvision data set, decoded when asked for."""

    id: str
    load: Callable[[], Image]

    def digest(self) -> str:
        """Return the digest of the decoded pixels."""
        image = self.open()
        header = f"{image.mode}:{image.size}".encode()
        return hashlib.blake2b(header + image.tobytes(), digest_size=16).hexdigest()

    def open(self) -> Image:
        """Return the image."""
        try:
            return self.load()
        except (OSError, SyntaxError) as error:
            raise RunError(self.id, f"cannot be decoded as an image ({error})") from None


@source(gives="images")
def torchvision(
    *,
    name: str,
    root: LocalPath,
    split: str = "test",
    download: bool = False,
    unlabelled: Unlabelled = "error",
) -> ImageSet:
    """Read a split of a data set class of `torchvision.datasets`.

    Parameters
    ----------
    name : the class, e.g. `CIFAR10`.
    root : folder with the data.
    split : `train` or `test` (or what the class calls it).
    download : fetch the data when the folder lacks it.
    unlabelled : what an image without label (-1) is: an error, or dropped and counted.

    Raises
    ------
    UserError
        Unknown class, no data in the folder, or a data set without labels.
    """
    from torchvision import datasets

    if name not in datasets.__all__:
        raise UserError("", f"torchvision has no data set '{name}'", "", did_you_mean(name, datasets.__all__))
    make = getattr(datasets, name)
    accepted = inspect.signature(make).parameters
    options: dict[str, Any] = {"root": root}
    options |= {"split": split} if "split" in accepted else {"train": split == "train"} if "train" in accepted else {}
    options |= {"download": download} if "download" in accepted else {}
    try:
        data = make(**options)
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(root, f"torchvision cannot read {name} ({reason})", "its files, or `download: true`") from None
    cells = _labels(data)
    if cells is None:
        raise UserError("", f"torchvision's {name} has no class labels", "a classification data set")
    names = list(data.classes) if getattr(data, "classes", None) else None
    where = f"{root}: {name}, split '{split}', item"
    column = read_labels(cells, where=lambda number: f"{where} {number}", unlabelled=unlabelled)
    items = [TorchvisionItem(f"{split}/{i:06d}", _loader(data, i)) for i in column.kept]
    return ImageSet(items, column.labels, names or column.names, width=column.width, counts=column.counts)


def _loader(data: Any, index: int) -> Callable[[], Any]:
    return lambda: data[index][0]


def _labels(data: Any) -> list[Any] | None:
    """Return the labels without decoding an image; the classes keep them under different names."""
    for attribute in ("targets", "labels", "_labels", "y", "_samples", "samples", "imgs"):
        found = getattr(data, attribute, None)
        if found is None or not len(found):
            continue
        values = [value[1] if isinstance(value, (tuple, list)) else value for value in found]
        # Tensors and numpy numbers say by `item` what they hold.
        values = [value.item() if hasattr(value, "item") else value for value in values]
        if all(isinstance(value, (int, float)) for value in values):
            return values
    return None
