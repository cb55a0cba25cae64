"""The order in which results are shown: that of `zsbench eval`, whatever order the runs were made in.

`eval` runs the jobs of one model together and prints them in the order of the suite. `order.json` in the suite's folder
keeps that order: a list of `<task>/<model>/<method>`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from zsbench.core import files
from zsbench.core.errors import UserError

FILE = "order.json"
_BASELINE = "none"


def keep(folders: Sequence[Path]) -> None:
    """Note in the folders of suites the order of the runs' folders; where it cannot be written there is none."""
    suites: dict[Path, list[str]] = {}
    for folder in folders:
        suites.setdefault(folder.parents[2], []).append(_name(folder))
    for suite, names in suites.items():
        known = _read(suite)
        merged = with_new(known, names)
        if merged != known:
            with suppress(OSError, UserError):
                files.write_json(suite / FILE, merged)


def knows(folder: Path) -> bool:
    """Say whether a run's folder, or the one that it stands beside with another question, is in its suite's order."""
    if len(folder.parents) < 3:
        return False
    name, known = _name(folder), _read(folder.parents[2])
    return name in known or name.rpartition("@")[0] in known


def drop_unused(suite: Path) -> None:
    """Remove the order from a suite's folder in which nothing else is left."""
    with suppress(OSError):
        if [path.name for path in suite.iterdir()] == [FILE] and _read(suite):
            (suite / FILE).unlink()


def with_new(known: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return an order with new names in it: behind those of their task, else behind the one before.

    >>> with_new(["a/none/x", "a/m/y", "b/none/x"], ["a/n/y", "b/n/y", "c/n/y"])
    ['a/none/x', 'a/m/y', 'a/n/y', 'b/none/x', 'b/n/y', 'c/n/y']
    """
    merged = list(known)
    before = ""
    for name in names:
        if name not in merged:
            task = name.partition("/")[0]
            places = [i for i, other in enumerate(merged) if other.partition("/")[0] == task or other == before]
            merged.insert(places[-1] + 1 if places else len(merged), name)
        before = name
    return merged


def in_order(results: Sequence[tuple[Path, dict[str, Any]]]) -> list[tuple[Path, dict[str, Any]]]:
    """Return (file, result) pairs by suite, each suite's averages last and its runs as `eval` has them.

    Without a noted order tasks come as they were begun, and runs without a model before those that have one.
    """
    begun: dict[tuple[str, str], tuple[str, int]] = {}
    made = {path: (str(result.get("started", "")), path.stat().st_mtime_ns) for path, result in results}
    for path, result in results:
        key = _suite(path), str(result["task"])
        begun[key] = min(begun.get(key, made[path]), made[path])
    ranks = lru_cache(maxsize=None)(lambda suite: {name: rank for rank, name in enumerate(_read(Path(suite)))})

    def place(located: tuple[Path, dict[str, Any]]) -> tuple[Any, ...]:
        path, result = located
        suite = _suite(path)
        if result.get("task_type") == "average":
            return suite, True, 0, ("", 0), False, ("", made[path][1])
        of_suite = ranks(suite)
        rank = of_suite.get(_name(path.parent).partition("@")[0], len(of_suite)) if of_suite else 0
        return suite, False, rank, begun[suite, str(result["task"])], result["model"] != _BASELINE, made[path]

    return sorted(results, key=place)


def _suite(path: Path) -> str:
    """Return the folder of the suite that a result's file lies in."""
    parts = str(path).rsplit("/", 4)
    return parts[0] if len(parts) == 5 else str(path.parent)


def _name(folder: Path) -> str:
    return "/".join(folder.parts[-3:])


def _read(suite: Path) -> list[str]:
    """Return the noted order, or an empty list where there is none that can be read."""
    try:
        kept = json.loads((suite / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return [name for name in kept if isinstance(name, str)] if isinstance(kept, list) else []
