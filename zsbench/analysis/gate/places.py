"""Where baselines lie: one file for one suite, or a folder with a file a suite."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zsbench.analysis.gate.baseline import SUFFIX
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
        No such baseline, or one file for several suites.
    """
    names = [suite.name for suite in suites]
    as_file = place if place.suffix == SUFFIX else place.with_name(place.name + SUFFIX)
    if not place.is_dir():
        if as_file.is_file() or (writing and (len(names) == 1 or place.suffix == SUFFIX)):
            if len(names) > 1:
                problem = f"results of {len(names)} suites ({', '.join(names)}) and one baseline"
                raise UserError(shown(as_file), problem, "the folder of one suite, or a folder of baselines")
            return dict.fromkeys(names, as_file)
        if not writing:
            siblings = [path.stem for path in as_file.parent.glob(f"*{SUFFIX}")]
            hint = did_you_mean(as_file.stem, siblings) or "--update writes one"
            raise UserError(shown(as_file), "no such baseline", "a file or folder that --update wrote", hint)
    return {name: place / (safe_name(name) + SUFFIX) for name in names}


def without_results(place: Path, files: Iterable[Path]) -> list[Path]:
    """Return the baselines of a folder that no suite of the results belongs to."""
    if not place.is_dir():
        return []
    known = {path.name for path in files}
    return [path for path in sorted(place.glob(f"*{SUFFIX}")) if path.name not in known]
