"""Data sets of the hub: as local folders, and through `datasets`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.listing import every_file, require_folder
from zsbench.core.offline import is_offline
from zsbench.core.yamlio import shown


def folder_files(reference: str) -> list[str]:
    """Return the files of a data set's local folder; one that is not there stands for itself, so that it is missed.

    What is not written as a path is the id of a data set on the hub, which has no files until it is downloaded.
    """
    folder = Path(reference)
    if not folder.exists():
        return [reference] if folder.is_absolute() else []
    files = every_file(require_folder(folder, "the folder of a data set"))
    if not files:
        raise UserError(shown(folder), "an empty folder", "the folder of a data set")
    return [str(path) for path in files]


def dataset_files(options: dict[str, Any]) -> list[str]:
    """Return the local files behind a block that names a data set of `datasets`."""
    return folder_files(options["path"])


def local_dataset(reference: str, *, revision: str | None, patterns: list[str]) -> Path:
    """Return a data set's folder: the local one, or the downloaded files of a hub id.

    Parameters
    ----------
    reference : local folder or hub id.
    revision : commit or tag on the hub.
    patterns : the files to download.

    Raises
    ------
    UserError
        No such folder, or the download failed or is not allowed (`--offline`) and not there already.
    """
    folder = Path(reference)
    if folder.exists():
        return require_folder(folder, "the folder of a data set")
    if folder.is_absolute() or reference.startswith((".", "~")):
        raise UserError(reference, "no such folder")
    from huggingface_hub import snapshot_download

    offline = is_offline()
    try:
        return Path(
            snapshot_download(
                reference, repo_type="dataset", revision=revision, allow_patterns=patterns, local_files_only=offline
            )
        )
    except Exception as error:
        # The hub client and the network libraries below it share no exception type.
        reason = f" ({type(error).__name__}: {(str(error).splitlines() or [''])[0]})"
        expected = "a local folder" + (", or run without --offline" if offline else "")
        found = f"data set '{reference}' is not on this machine{'' if offline else reason}"
        raise UserError("", found, expected) from error


def load_split(path: str, *, split: str, name: str | None, revision: str | None, streaming: bool) -> Any:
    """Return one split of a data set of `datasets`, from the hub, a folder, or what `save_to_disk` wrote.

    Parameters
    ----------
    path : hub id or local folder.
    split, name, revision, streaming : as `datasets.load_dataset` takes them. Loading scripts are never run.

    Raises
    ------
    UserError
        `datasets` cannot load it, for whatever reason, or there is no such split.
    """
    import datasets

    datasets.disable_progress_bars()
    local = Path(path)
    try:
        saved = (local / "dataset_info.json").is_file() or (local / "dataset_dict.json").is_file()
        if saved:
            loaded = datasets.load_from_disk(path)
        else:
            loaded = datasets.load_dataset(path, name, revision=revision, streaming=streaming)
    except Exception as error:
        # datasets lets through the exceptions of every storage and format library below it.
        reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        raise UserError(path, f"datasets cannot load this ({reason})") from error
    if saved and name is not None:
        raise UserError(path, f"name '{name}' of a data set that was saved to disk", "no `name:`: it holds one only")
    if isinstance(loaded, dict):
        if split not in loaded:
            raise UserError(path, f"no split '{split}'", f"one of {', '.join(loaded)}")
        return loaded[split]
    # One split that was saved alone says what it is, or is taken for the default one.
    its_split = str(loaded.split or "test")
    if split != its_split:
        raise UserError(path, f"no split '{split}'", f"split '{its_split}', the only one there")
    return loaded


def require_column(rows: Any, column: str, path: str) -> None:
    """Refuse a split without a column.

    Raises
    ------
    UserError
        With the nearest of its columns.
    """
    if column not in rows.column_names:
        hint = did_you_mean(column, rows.column_names) or f"columns: {', '.join(rows.column_names)}"
        raise UserError(path, f"no column '{column}'", "", hint)


def class_names(rows: Any, column: str) -> list[str] | None:
    """Return the class names in label order that a column's ClassLabel feature tells, or None."""
    feature = rows.features[column]
    names = getattr(getattr(feature, "feature", feature), "names", None)
    return list(names) if names else None
