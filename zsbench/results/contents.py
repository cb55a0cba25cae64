"""What lies in folders of results: runs that are finished, interrupted, out of date, damaged, or at work right now."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from zsbench.core.errors import UserError, shown
from zsbench.plan import identity
from zsbench.plan.job import safe_name
from zsbench.results import claim, store
from zsbench.results.finished_run import AVERAGE, FinishedRun
from zsbench.results.progress import Progress, read_progress

State = Literal["finished", "interrupted", "stale", "damaged", "running"]

_MARKS = ("run.json", "result.json", claim.LOCK)


@dataclass(frozen=True)
class Entry:
    """One run's folder.

    Attributes
    ----------
    folder : where it is.
    name : the folder as seen from the place that was looked at: suite, task, model and method.
    state : `running` while a process holds its lock; `stale` when `zsbench eval` would compute it again.
    reason : what is damaged, or what has changed; empty otherwise.
    done, items : how many items have a prediction, and how many there are; None where the folder does not say.
    bytes : the size of all files in it.
    result : what result.json says, None without a sound one.
    is_run : whether zsbench made it, which a damaged result.json alone does not show.
    """

    folder: Path
    name: str
    state: State
    reason: str = ""
    done: int | None = None
    items: int | None = None
    bytes: int = 0
    result: dict[str, Any] | None = None
    is_run: bool = True

    @property
    def is_average(self) -> bool:
        """Whether it is a row over several tasks."""
        return self.result is not None and self.result.get("task_type") == AVERAGE


def entries(places: Iterable[Path]) -> list[Entry]:
    """Return the runs under folders, by folder; symbolic links within them are not followed.

    Raises
    ------
    UserError
        No such folder, or no run in it.
    """
    listed: dict[Path, Entry] = {}
    for place in places:
        folders = list(_folders(place))
        if not folders:
            problem = "no run in it" if place.is_dir() else "no such folder"
            raise UserError(shown(place), problem, "a folder written by `zsbench eval --out`")
        look = _Look()
        below = [look.entry(folder, _name(folder, place)) for folder in folders]
        judged = _with_averages(below, _beside(below, look))
        listed |= {entry.folder.absolute(): entry for entry in judged if entry.is_run or entry.reason}
    return _told_apart(list(listed.values()))


def _beside(listed: Sequence[Entry], look: _Look) -> list[Entry]:
    """Return the runs that averages of a list are made of and that are not in it, from the averages' suites."""
    here = {entry.folder.absolute() for entry in listed}
    hashes = {(suite_folder(entry), entry.result["config_hash"]) for entry in listed if entry.result is not None}
    averages = [entry for entry in listed if entry.is_average]
    suites = {suite_folder(one) for one in averages if any((suite_folder(one), p) not in hashes for p in parts_of(one))}
    folders = [folder for suite in suites if suite is not None for folder in _folders(suite)]
    return [look.entry(folder, "") for folder in folders if folder.absolute() not in here]


def _told_apart(listed: list[Entry]) -> list[Entry]:
    """Return the entries; names that several of them have, under places of their own, are their whole paths."""
    counts = Counter(entry.name for entry in listed)
    return [replace(entry, name=str(entry.folder)) if counts[entry.name] > 1 else entry for entry in listed]


def _folders(place: Path) -> Iterator[Path]:
    """Yield the folders that hold a run, in order."""
    if place.name == "result.json" and place.is_file():
        yield place.parent
        return
    for folder, below, names in os.walk(place):
        below.sort()
        if any(mark in names for mark in _MARKS):
            yield Path(folder)
            below.clear()


def _name(folder: Path, place: Path) -> str:
    inside = folder.relative_to(place) if folder.is_relative_to(place) else Path()
    return str(inside) if inside.parts else str(folder)


class _Look:
    """Looks at one folder after another; the code of components is read once for all of them."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, ...], str] = {}

    def entry(self, folder: Path, name: str) -> Entry:
        """Return what a folder holds."""
        progress = read_progress(folder)
        entry = Entry(folder, name, "interrupted", "", progress.done, progress.items, _bytes(folder))
        path = folder / "result.json"
        if claim.is_claimed(folder):
            return replace(entry, state="running")
        if path.is_file():
            return self._with_result(entry, path, progress)
        if not (folder / "run.json").is_file():
            return replace(entry, is_run=False)
        return entry

    def _with_result(self, entry: Entry, path: Path, progress: Progress) -> Entry:
        try:
            result = store.read_result(path)
        except UserError as error:
            return replace(entry, state="damaged", reason=error.found, is_run=progress.is_run)
        n = result.get("n_items")
        entry = replace(entry, state="finished", done=n, items=n, result=result)
        if entry.is_average:
            return entry
        if problem := _items_problem(FinishedRun(entry.folder, result)):
            return replace(entry, state="damaged", reason=problem)
        reason = changed_inputs(result.get("inputs", [])) or self._changed_code(result)
        return replace(entry, state="stale", reason=reason) if reason else entry

    def _changed_code(self, result: dict[str, Any]) -> str:
        """Return what has changed in the code that made a result; empty too where its config does not say which."""
        made_by = result.get("versions", {}).get("zsbench")
        try:
            code = identity.code_of(result["config"], self._codes)
        except UserError as error:
            return f"its code is not here ({error.found})"
        except (KeyError, TypeError, AttributeError):
            return ""
        if not result.get("code") or code == result["code"]:
            return ""
        here = identity.version()
        return f"made by zsbench {made_by}, here is {here}" if made_by not in (None, here) else "its code has changed"


def _items_problem(run: FinishedRun) -> str:
    """Return what is wrong with items.parquet: absent, damaged, or of another number of items."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = run.folder / "items.parquet"
    if not path.is_file():
        return "items.parquet is missing"
    try:
        n = pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError):
        return "items.parquet is damaged"
    expected = run.result.get("n_items", n)
    return "" if n == expected else f"items.parquet has {n} of {expected} items"


def changed_inputs(recorded: list[dict[str, Any]]) -> str:
    """Return which of a run's files are gone or have changed since, in words; empty where all are as they were."""
    if store.same_inputs(recorded, [str(row.get("path")) for row in recorded]):
        return ""
    changed = [row for row in recorded if not store.same_inputs([row], [str(row.get("path"))])]
    if not changed:
        return "the list of its files has changed"
    path = Path(str(changed[0].get("path")))
    what = "has changed" if path.exists() else "is gone"
    more = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"{path.name} {what}{more}"


def _with_averages(listed: list[Entry], beside: list[Entry]) -> list[Entry]:
    """Return the entries; an average is stale where a run that it is made of is stale or no longer there.

    Parameters
    ----------
    beside : runs that are not listed, of which averages may be made, too.
    """
    state_of: dict[tuple[Path | None, Any], State] = {}
    for entry in (*listed, *beside):
        if entry.result is not None:
            state_of[suite_folder(entry), entry.result["config_hash"]] = entry.state
    averages = [entry for entry in (*listed, *beside) if entry.is_average]
    # An average may go over averages, which have to be known before it: each pass knows one level more.
    for _ in averages:
        for average in averages:
            states = [state_of.get((suite_folder(average), part)) for part in parts_of(average)]
            if any(state not in ("finished", "running") for state in states):
                state_of[suite_folder(average), (average.result or {})["config_hash"]] = "stale"
    return [_judged(entry, state_of) if entry.is_average else entry for entry in listed]


def _judged(average: Entry, state_of: dict[tuple[Path | None, Any], State]) -> Entry:
    states = [state_of.get((suite_folder(average), part)) for part in parts_of(average)]
    if None in states:
        return replace(average, state="stale", reason=f"{states.count(None)} of its runs no longer there")
    bad = sum(state not in ("finished", "running") for state in states)
    return replace(average, state="stale", reason=f"{bad} of its runs out of date") if bad else average


def parts_of(average: Entry) -> list[str]:
    """Return the config hashes of the runs that an average is made of."""
    config = (average.result or {}).get("config", {})
    of = config.get("of", []) if isinstance(config, dict) else []
    return [str(part) for part in of] if isinstance(of, list) else []


def suite_folder(entry: Entry) -> Path | None:
    """Return the folder of an entry's suite, None where it does not lie in `<suite>/<task>/<model>/<method>`."""
    if entry.result is None:
        return None
    folder = entry.folder.absolute()
    names = [safe_name(str(entry.result[key])) for key in ("task", "model")]
    return folder.parents[2] if [part.name for part in (*folder.parents,)[1::-1]] == names else None


def members(entry: Entry, listed: Iterable[Entry]) -> list[Entry]:
    """Return the averages of a list that a run is part of."""
    if entry.result is None:
        return []
    suite, own = suite_folder(entry), entry.result["config_hash"]
    return [other for other in listed if other.is_average and suite_folder(other) == suite and own in parts_of(other)]


def _bytes(folder: Path) -> int:
    total = 0
    for below, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(below, name)).st_size
            except OSError:  # gone since the folder was read
                continue
    return total
