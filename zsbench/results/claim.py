"""Which folder a job writes into, and that nobody else writes into it at the same time.

A job's folder is `<out>/<suite>/<task>/<model>/<method>`. Another question under the same names (another `--limit`, an
option changed with `--set`) has `<method>@<first digits of its digest>` beside it, so that no finished result and no
half-made predictions are lost to it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.results import written

LOCK = written.LOCK
_DIGITS = 8
_TRY_SECONDS = 0.2


def place(folder: Path, question: str) -> Path:
    """Return the folder of a question: `folder`, or one beside it when another question was there first."""
    return folder if _asked(folder) in ("", question) else folder.with_name(f"{folder.name}@{question[:_DIGITS]}")


@contextmanager
def claimed(
    folder: Path, question: str, *, fresh: bool = False, waiting: Callable[[str], None] = lambda _: None
) -> Iterator[Path]:
    """Yield the question's folder, locked for this process; a second run of the same question waits for the first.

    Parameters
    ----------
    folder : where the job's names lead to.
    question : digest of what is asked.
    fresh : take `folder` itself; what another question left there is moved beside it.
    waiting : told once, in a sentence, when another process has the folder.

    Raises
    ------
    UserError
        The folder cannot be written or locked.
    """
    if fresh:
        _move_aside(folder, question)
    told = False
    while True:
        chosen = place(folder, question)
        files.require_writable(chosen)
        lock = FileLock(chosen / LOCK)
        if _acquired(lock, chosen, _TRY_SECONDS):
            # Between the look and the lock another question may have come in, or the folder may have been removed.
            if place(folder, question) == chosen and (chosen / LOCK).is_file():
                break
            lock.release()
        elif not told:
            waiting(f"waiting for another run in {chosen}")
            told = True
    try:
        yield chosen
    finally:
        lock.release()


def is_claimed(folder: Path) -> bool:
    """Return whether a living process holds a run's folder; one that was killed holds nothing."""
    with held(folder) as free:
        return not free


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold a run's folder if nobody else does, without waiting; yield whether that is so.

    A folder in which no run was ever claimed has no lock, and where none can be taken (a disk to read from), nobody
    writes.
    """
    path = folder / LOCK
    if not path.is_file() or path.is_symlink():
        yield True
        return
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError):
        yield True
        return
    try:
        yield True
    finally:
        lock.release()


def _move_aside(folder: Path, question: str) -> None:
    """Give the folder to this question, unless another one is being worked on there."""
    asked = _asked(folder)
    if asked in ("", question):
        return
    lock = FileLock(folder / LOCK)
    if _acquired(lock, folder, 0):
        beside = folder.with_name(f"{folder.name}@{asked[:_DIGITS]}")
        shutil.rmtree(beside, ignore_errors=True)
        folder.rename(beside)
        lock.release()


def _acquired(lock: FileLock, folder: Path, seconds: float) -> bool:
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(str(folder), f"cannot be locked ({reason})", "a folder on a local disk") from None
    return True


def _asked(folder: Path) -> str:
    """Return the question whose work lies in a folder, or an empty string where nothing lies."""
    for name in ("run.json", "result.json"):
        try:
            kept = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(kept, dict):
            asked = str(kept.get("question") or kept.get("config_hash"))
            return asked if asked.isalnum() else "unknown"  # it becomes part of a folder's name
    return ""
