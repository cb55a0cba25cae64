"""The results that are checked, by suite; what is unfinished or damaged among them is a problem, never left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from zsbench.analysis.gate.baseline import title
from zsbench.core.errors import UserError, UserErrors, shown
from zsbench.results import store
from zsbench.results.finished_run import FinishedRun


@dataclass(frozen=True)
class Unusable:
    """A run whose result cannot be read: `task`, `model` and `method` as its folder names them, and why."""

    task: str
    model: str
    method: str
    kind: Literal["unfinished", "damaged"]
    reason: str

    @property
    def title(self) -> str:
        """What the run is called."""
        return title(self.task, self.model, self.method)


@dataclass
class Suite:
    """The runs of one suite by title, and those that cannot be used."""

    name: str
    runs: dict[str, FinishedRun] = field(default_factory=dict)
    unusable: dict[str, Unusable] = field(default_factory=dict)


def suites(places: Iterable[Path]) -> dict[str, Suite]:
    """Return the suites under some folders (or around single result files), by name.

    A suite's name is that of its folder: `<suite>/<task>/<model>/<method>/result.json`.

    Raises
    ------
    UserError
        No such folder, nothing in it, a result of a newer zsbench, or two results of equal names.
    """
    known: dict[str, Suite] = {}
    for path in _paths(places):
        names = _names(path)
        suite = known.setdefault(names[0], Suite(names[0]))
        if path.name != "result.json":
            _add_unusable(suite, Unusable(*names[1:], "unfinished", f"the run in {shown(path.parent)} is not finished"))
            continue
        try:
            run = FinishedRun(path.parent, store.read_result(path))
        except store.DamagedResult as error:
            _add_unusable(suite, Unusable(*names[1:], "damaged", str(error)))
            continue
        first = suite.runs.setdefault(title(*run.names), run)
        if first is not run:
            problem = f"two results of {title(*run.names)}: {shown(first.folder)} and {shown(run.folder)}"
            raise UserError("", problem, "one", "remove the one that is not meant, or write into an empty --out")
    return known


def _add_unusable(suite: Suite, run: Unusable) -> None:
    suite.unusable[run.title] = run


def _paths(places: Iterable[Path]) -> list[Path]:
    """Return the result.json of every run, or the run.json of one that has none, each once, in the order of paths."""
    paths: dict[Path, Path] = {}
    errors = []
    for place in places:
        if place.is_file():
            below = [place]
        else:
            finished = list(place.rglob("result.json"))
            folders = {path.parent for path in finished}
            below = finished + [path for path in place.rglob("run.json") if path.parent not in folders]
        if not below:
            problem = "no results in it" if place.is_dir() else "no such file or folder"
            errors.append(UserError(shown(place), problem, "a folder written by `zsbench eval --out`"))
        paths |= {path.resolve(): path for path in sorted(below)}
    if errors:
        raise UserErrors(errors)
    return list(paths.values())


def _names(path: Path) -> tuple[str, str, str, str]:
    """Return suite, task, model and method as the folders around a result name them."""
    parts = ["", "", "", "", *path.absolute().parts[:-1]]
    return parts[-4], parts[-3], parts[-2], parts[-1]
