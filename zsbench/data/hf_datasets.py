"""Image data sets through `datasets`: hub ids, folders of parquet or images, and `save_to_disk` folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.components import source
from zsbench.config import ModelRef
from zsbench.data._images import ImageItem, ImageSet
from zsbench.errors import UserError, did_you_mean


def _files(options: dict[str, Any]) -> list[str]:
    path = Path(options["path"])
    return sorted(str(p) for p in path.rglob("*") if p.is_file()) if path.is_dir() else []


@source(gives="images", files=_files)
def hf_datasets(
    *,
    path: ModelRef,
    split: str = "test",
    name: str | None = None,
    revision: str | None = None,
    image: str = "image",
    label: str = "label",
) -> ImageSet:
    """Read a split; class names come from the label column's ClassLabel feature where it has one.

    Parameters
    ----------
    path : hub id or local folder (images, parquet, or written by `save_to_disk`).
    split, name, revision : as `datasets.load_dataset` takes them. Loading scripts are never run.
    image, label : names of the columns.
    """
    rows = _load(path, split=split, name=name, revision=revision)
    for column in (image, label):
        if column not in rows.column_names:
            hint = did_you_mean(column, rows.column_names) or f"columns: {', '.join(rows.column_names)}"
            raise UserError(path, f"no column '{column}'", "", hint)
    import datasets

    rows = rows.cast_column(image, datasets.Image(decode=False))
    encoded = rows.select_columns([image])
    feature = rows.features[label]
    items = [ImageItem(f"{split}/{i:06d}", _reader(encoded, i, image)) for i in range(len(rows))]
    return ImageSet(items, list(rows[label]), list(feature.names) if hasattr(feature, "names") else None)


def _reader(rows: Any, index: int, column: str) -> Any:
    def read() -> bytes:
        value = rows[index][column]
        data: bytes = value["bytes"] if value["bytes"] is not None else Path(value["path"]).read_bytes()
        return data

    return read


def _load(path: str, *, split: str, name: str | None, revision: str | None) -> Any:
    """Return one split; what `datasets` raises becomes one sentence."""
    import datasets

    datasets.disable_progress_bars()
    local = Path(path)
    try:
        if (local / "dataset_info.json").is_file() or (local / "dataset_dict.json").is_file():
            loaded = datasets.load_from_disk(path)
        else:
            loaded = datasets.load_dataset(path, name, revision=revision)
    except Exception as error:
        # datasets lets through the exceptions of every storage and format library below it.
        reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        raise UserError(path, f"datasets cannot load this ({reason})") from error
    if isinstance(loaded, datasets.DatasetDict):
        if split not in loaded:
            raise UserError(path, f"no split '{split}'", f"one of {', '.join(loaded)}")
        return loaded[split]
    return loaded
