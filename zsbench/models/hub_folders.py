"""The files of a hub id as a folder, for libraries and classes that read folders better than ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zsbench.core.offline import is_offline
from zsbench.models import runtime
from zsbench.models.guards import opening


def folder(reference: str, *, revision: str | None, patterns: Sequence[str], weights: Sequence[str]) -> Path:
    """Return the folder of a model: the local one, or the files of a hub id that are asked for.

    Parameters
    ----------
    patterns : names of files beside the weights, as globs.
    weights : names of files of weights, as globs; only those of the first that finds any are fetched.

    Raises
    ------
    UserError
        There is no such folder, or the files of the hub id are neither here nor to be had.
    """
    local = runtime.local_folder(reference)
    if local is not None:
        return local
    runtime.require_offline_ok(reference)
    from huggingface_hub import snapshot_download

    with opening(reference, "huggingface_hub"):
        for pattern in weights:
            wanted = [*patterns, pattern]
            path = Path(
                snapshot_download(reference, revision=revision, allow_patterns=wanted, local_files_only=is_offline())
            )
            if any(path.glob(pattern)):
                break
    return path
