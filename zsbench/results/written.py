"""Which files of a run's folder a run writes, so that nothing else is ever removed or written over.

Names are compared whole: `partial-00000.run` is a run's, `partial-thesis.txt` beside it is not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from zsbench.core.errors import UserError

LOCK = ".lock"
PROGRESS = "progress.json"
SHARDS = "predictions"
RESULT, IDENTITY = "result.json", "run.json"
_NAMED = (RESULT, IDENTITY, "items.parquet", "prompts.json", "notes.json", "cost.json", PROGRESS, LOCK)
_BEFORE_PREDICTIONS = (IDENTITY, PROGRESS, LOCK, "notes.json", "cost.json", "prompts.json")
_SUFFIXES = (".jsonl", ".parquet", ".run", ".npz")
"""Those of the formats in `tasks/formats/`; a task type of others may bring one more."""

_SHARD = re.compile(r"\d{5,}((?:\.\w+)+)")
_PARTIAL = re.compile(r"partial-\d{5,}((?:\.\w+)+)")
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp")
_PROBE = ".zsbench-probe"


def is_shard(name: str, more: Iterable[str] = ()) -> bool:
    """Say whether a file in `predictions/` has the name of a shard.

    >>> is_shard("00000.run"), is_shard("my-notes.md"), is_shard("00000.md")
    (True, False, False)
    """
    return _numbered(_SHARD, name, more)


def is_partial(name: str, more: Iterable[str] = ()) -> bool:
    """Say whether a file has the name of a shard in progress.

    >>> is_partial("partial-00001.npz"), is_partial("partial-thesis.txt")
    (True, False)
    """
    return _numbered(_PARTIAL, name, more)


def _numbered(pattern: re.Pattern[str], name: str, more: Iterable[str]) -> bool:
    match = pattern.fullmatch(name)
    return match is not None and match[1] in (*_SUFFIXES, *more)


def _finished(name: str) -> str:
    """Return the name of the file that a temporary one is to become; any other name as it is."""
    match = _TEMPORARY.fullmatch(name)
    return match[1] if match else name


def _is_of_run(name: str, more: Iterable[str]) -> bool:
    name = _finished(name)
    return name in (*_NAMED, _PROBE) or is_partial(name, more)


def sorted_out(folder: Path, more: Iterable[str] = ()) -> tuple[list[Path], list[Path]]:
    """Return the files that a run wrote into its folder, its result first and its lock last, and all others.

    A symbolic link under a run's name counts as the run's: it can be removed, and what it leads to is not looked at.

    Parameters
    ----------
    more : suffixes of shards beside the known ones.
    """
    more = tuple(more)
    ours: list[Path] = []
    others: list[Path] = []
    for path in sorted(folder.iterdir(), key=lambda path: (path.name == LOCK, path.name != RESULT, path.name)):
        if path.name == SHARDS and path.is_dir() and not path.is_symlink():
            for shard in sorted(path.iterdir()):
                (ours if _is_file(shard) and is_shard(_finished(shard.name), more) else others).append(shard)
        elif path.name == SHARDS and path.is_symlink():
            ours.append(path)
        else:
            (ours if _is_file(path) and _is_of_run(path.name, more) else others).append(path)
    return ours, others


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def remove_shards(folder: Path, suffix: str) -> None:
    """Remove the shards of a run, complete or not, and `predictions/` where nothing else lies in it."""
    ours, _ = sorted_out(folder, (suffix,))
    for path in ours:
        if path.parent != folder or path.name == SHARDS or is_partial(_finished(path.name), (suffix,)):
            path.unlink(missing_ok=True)
    remove_empty(folder / SHARDS)


def remove_beginning(folder: Path, suffix: str) -> None:
    """Remove the folder of a run that has predicted nothing, and those of its model and task if they are empty.

    Its lock goes with it; who waits for that begins anew (`claim.claimed`). A folder with a prediction, with a result
    or with files of others stays as it is.
    """
    ours, others = sorted_out(folder, (suffix,))
    made = [path for path in ours if path.name not in _BEFORE_PREDICTIONS]
    if made or others:
        return
    with suppress(OSError):
        for path in ours:
            path.unlink(missing_ok=True)
    for place in (folder, *folder.parents[:2]):
        if not remove_empty(place):
            return


def remove_empty(folder: Path) -> bool:
    """Remove a folder if nothing lies in it, and say whether it is gone."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # not empty, a link, or not to be removed by us
        return False
    return True


def refuse_file_of_run(option: str, path: Path | None) -> None:
    """Refuse to write onto a file that a run wrote or will write.

    Parameters
    ----------
    option : where the path was given: `--out`.
    path : None where nothing is written.

    Raises
    ------
    UserError
        It is one.
    """
    if path is None:
        return
    parent = Path(os.path.realpath(path.parent))
    inside = parent.parent if parent.name == SHARDS else parent
    if not any((inside / name).is_file() for name in (RESULT, IDENTITY)):
        return
    if is_shard(path.name) if inside != parent else _is_of_run(path.name, ()) or path.name == SHARDS:
        raise UserError(f"{option} {path}", "a file of the run itself", "a file outside the run's folder")
