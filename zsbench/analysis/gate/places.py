"""Where baselines lie: one file for one suite, or a folder with a file a suite."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from zsbench.analysis.gate.baseline import SUFFIX, Baseline
from zsbench.analysis.gate.results import Suite
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.plan.job import safe_name


def files_of(place: Path, suites: Iterable[Suite], *, writing: bool = False) -> dict[str, Path]:
    """Return the file of the baseline of every suite, by the suite's name.

    Parameters
    ----------
    place : a folder of baselines, or the file of one with or without `.json`.
    writing : where nothing is there yet, several suites have a folder, one suite has a file.

    Raises
    ------
    UserError
        No such baseline, one file for several suites, or the name of a file that is something else than a baseline.
    """
    names = [suite.name for suite in suites]
    if os.path.isdir(place):
        return {name: place / name_of(name) for name in names}
    as_file = place if place.suffix == SUFFIX else place.with_name(place.name + SUFFIX)
    is_there = os.path.isfile(as_file)
    _require_named_so(place, names, is_there=is_there)
    if is_there or (writing and (len(names) == 1 or place.suffix == SUFFIX)):
        if len(names) > 1:
            problem = f"results of {len(names)} suites ({', '.join(names)}) and one baseline"
            raise UserError(shown(as_file), problem, "the folder of one suite, or a folder of baselines")
        return dict.fromkeys(names, as_file)
    if not writing:
        siblings = [path.stem for path in as_file.parent.glob(f"*{SUFFIX}")]
        hint = did_you_mean(as_file.stem, siblings) or "--update writes one"
        raise UserError(shown(as_file), "no such baseline", "a file or folder that --update wrote", hint)
    return {name: place / name_of(name) for name in names}


def name_of(suite: str) -> str:
    """Return the name of a suite's file in a folder of baselines."""
    return safe_name(suite) + SUFFIX


def require_own_suites(kept: Mapping[str, Baseline], files: Mapping[str, Path]) -> None:
    """Refuse a file that holds the baseline of another suite than the one whose results belong to it.

    Such a check would compare nothing with nothing, and an update would throw the other suite's baseline away.

    Parameters
    ----------
    kept : what the files hold, by the suite of the results.
    files : the file of every suite.

    Raises
    ------
    UserError
        The first such file.
    """
    for name, baseline in kept.items():
        if baseline.suite != name:
            problem = f"the baseline of suite '{baseline.suite}', and the results are of suite '{name}'"
            expected = f"a baseline of '{name}', or results of '{baseline.suite}'"
            raise UserError(shown(files[name]), problem, expected)


def require_named_by_suite(path: Path, baseline: Baseline) -> None:
    """Refuse a file in a folder of baselines that is named after another suite than it holds.

    Raises
    ------
    UserError
        It is.
    """
    if path.name != name_of(baseline.suite):
        problem = f"the baseline of suite '{baseline.suite}'"
        raise UserError(shown(path), problem, f"'{name_of(baseline.suite)}' as its name in a folder of baselines")


def _require_named_so(place: Path, names: list[str], *, is_there: bool) -> None:
    """Refuse the name of a file that is no baseline; a suite's own name may have a dot in it.

    Raises
    ------
    UserError
        It has another ending.
    """
    if place.suffix in ("", SUFFIX) or place.name in map(safe_name, names):
        return
    if os.path.isfile(place) or not is_there:
        raise UserError(shown(place), f"its name ends in {place.suffix}", f"a name that ends in {SUFFIX}, or a folder")


def without_results(place: Path, files: Iterable[Path]) -> list[Path]:
    """Return the baselines of a folder that no suite of the results belongs to."""
    if not os.path.isdir(place):
        return []
    known = {path.name for path in files}
    return [path for path in sorted(place.glob(f"*{SUFFIX}")) if path.name not in known]
