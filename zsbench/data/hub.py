"""Data sets of the hub as local folders."""

from __future__ import annotations

import os
from pathlib import Path

from zsbench.core.errors import UserError
from zsbench.core.listing import every_file, require_folder
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

    offline = os.environ.get("HF_HUB_OFFLINE", "") in {"1", "true", "True"}
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
