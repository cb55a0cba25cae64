"""Who is compared with whom: runs that differ in their seed only are one entrant, and entrants meet task by task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zsbench.core.errors import UserError, shown
from zsbench.core.records import canonical_json
from zsbench.results.finished_run import FinishedRun

_NO_MODEL = "none"


class NothingInCommon(UserError):
    """Two sides without a task that both have."""


@dataclass(frozen=True)
class Entrant:
    """A model with a method on one task: its run, or its runs with several seeds."""

    runs: tuple[FinishedRun, ...]

    @property
    def first(self) -> FinishedRun:
        """The run that speaks for all: names and config but for the seed are the same."""
        return self.runs[0]

    @property
    def task(self) -> str:
        """The task."""
        return self.first.names[0]

    @property
    def title(self) -> str:
        """Model and method."""
        return self.first.title

    @cached_property
    def seeds(self) -> dict[str, tuple[str, ...]]:
        """The seeds that differ, by their key in the config: one value a run, `default` where a run names none."""
        found = [_seeds(run.result.get("config", {})) for run in self.runs]
        keys = dict.fromkeys(key for each in found for key in each)
        columns = {key: tuple(each.get(key, "default") for each in found) for key in keys}
        return {key: values for key, values in columns.items() if len(set(values)) > 1}

    @property
    def seed_of_run(self) -> list[tuple[str, ...]]:
        """What tells each run from the others."""
        return list(zip(*self.seeds.values(), strict=True)) if self.seeds else [()]


def entrants(runs: Sequence[FinishedRun]) -> list[Entrant]:
    """Return the entrants of a side; of several runs of one config the one that was made last counts."""
    groups: dict[Any, dict[str, FinishedRun]] = {}
    for run in runs:
        config = run.result.get("config", {})
        key = (run.names, run.result.get("test_fingerprint", ""), canonical_json(without_seeds(config)))
        groups.setdefault(key, {})[canonical_json(config)] = run
    return [Entrant(tuple(group.values())) for group in groups.values()]


def pairs(
    first: Sequence[FinishedRun], second: Sequence[FinishedRun], *, one_against_all: bool = False
) -> list[tuple[Entrant, Entrant]]:
    """Return who meets whom: equal task, model and method; else equal task and model, or equal task and method; else
    the only one a side for each task.

    Where a side holds several of equal names (other options, another `limit`), those that ask the same question on both
    sides are compared.

    Parameters
    ----------
    first, second : the runs of each side, without averages.
    one_against_all : a side of a task that needs no model (baselines) meets everybody of the other over its items.

    Raises
    ------
    NothingInCommon
        No task is on both sides.
    UserError
        Several runs of which it is not clear which one is meant.
    """
    sides = entrants(first), entrants(second)
    named = [_grouped(side, lambda entrant: entrant.first.names) for side in sides]
    same = [key for key in named[0] if key in named[1]]
    if same:
        return [pair for key in same for pair in _of_equal_names(named[0][key], named[1][key])]
    by_task = [_grouped(side, lambda entrant: entrant.task) for side in sides]
    tasks = [task for task in by_task[0] if task in by_task[1]]
    if not tasks:
        known = [", ".join(sorted(side)) or "none" for side in by_task]
        raise NothingInCommon(
            "",
            f"no task in common ({known[0]}; {known[1]})",
            "runs of one task; an average needs the results behind it",
        )
    return [pair for task in tasks for pair in _of_a_task(by_task[0][task], by_task[1][task], one_against_all)]


def _of_a_task(first: list[Entrant], second: list[Entrant], one_against_all: bool) -> list[tuple[Entrant, Entrant]]:
    """Return the pairs of one task where no names agree, if nobody is left out: by model, method, items or options."""
    if len(first) == len(second) == 1:
        return [_seed_by_seed(first[0], second[0])]
    for key_of in (_model, _method, _items, _all_but("model"), _all_but("method")):
        grouped = [_grouped(side, key_of) for side in (first, second)]
        alone = all(len(group) == 1 for side in grouped for group in side.values())
        if alone and set(grouped[0]) == set(grouped[1]):
            return [_seed_by_seed(grouped[0][name][0], grouped[1][name][0]) for name in grouped[0]]
    if one_against_all and any(all(_model(entrant) == _NO_MODEL for entrant in side) for side in (first, second)):
        met = [_seed_by_seed(a, b) for a in first for b in second if _items(a) == _items(b)]
        if met:
            return met
    return [_seed_by_seed(_only(first), _only(second))]


def _of_equal_names(first: list[Entrant], second: list[Entrant]) -> list[tuple[Entrant, Entrant]]:
    """Return the pairs among entrants of equal names: the only ones, or those that ask the same question."""
    if len(first) == len(second) == 1:
        return [_seed_by_seed(first[0], second[0])]
    asked = {_question(entrant): entrant for entrant in second}
    same = [(entrant, asked[_question(entrant)]) for entrant in first if _question(entrant) in asked]
    return [_seed_by_seed(*pair) for pair in same or [(_only(first), _only(second))]]


def _model(entrant: Entrant) -> str:
    return entrant.first.names[1]


def _method(entrant: Entrant) -> str:
    return entrant.first.names[2]


def _items(entrant: Entrant) -> str:
    return str(entrant.first.result.get("test_fingerprint", ""))


def _all_but(part: str) -> Callable[[Entrant], Any]:
    """Return what names an entrant but for its model, or its method, with all options of the rest."""

    def key_of(entrant: Entrant) -> Any:
        config = without_seeds(entrant.first.result.get("config", {}))
        rest = {name: value for name, value in config.items() if name != part}
        name = _method(entrant) if part == "model" else _model(entrant)
        return _items(entrant), name, canonical_json(rest)

    return key_of


def _question(entrant: Entrant) -> tuple[str, str]:
    return _items(entrant), canonical_json(without_seeds(entrant.first.result.get("config", {})))


def _seed_by_seed(first: Entrant, second: Entrant) -> tuple[Entrant, Entrant]:
    """Return two entrants with the seeds that they share, in one order; with all of theirs where they share none.

    A single run of the very question that one of several runs asks is compared with that one.
    """
    if len(first.runs) > 1 and len(second.runs) > 1:
        if set(first.seeds) != set(second.seeds):
            return first, second
        of_second = dict(zip(_sorted_seeds(second), second.runs, strict=True))
        shared = [
            (run, of_second[s]) for s, run in zip(_sorted_seeds(first), first.runs, strict=True) if s in of_second
        ]
        if not shared:
            return first, second
        ours, theirs = zip(*shared, strict=True)
        return Entrant(ours), Entrant(theirs)
    for one, several, is_turned in ((first, second, False), (second, first, True)):
        if len(one.runs) == 1 and len(several.runs) > 1:
            config = canonical_json(one.first.result.get("config", {}))
            same = [run for run in several.runs if canonical_json(run.result.get("config", {})) == config]
            if same and one.first.names == several.first.names:
                match = Entrant((same[0],))
                return (match, one) if is_turned else (one, match)
    return first, second


def _sorted_seeds(entrant: Entrant) -> list[tuple[tuple[str, str], ...]]:
    """Return what tells each run from the others, keys in one order."""
    keys = list(entrant.seeds)
    return [tuple(sorted(zip(keys, values, strict=True))) for values in entrant.seed_of_run]


def are_seed_by_seed(first: Entrant, second: Entrant) -> bool:
    """Say whether the runs of two entrants are those of the same several seeds, in one order."""
    return len(first.runs) > 1 and _sorted_seeds(first) == _sorted_seeds(second)


def _grouped(side: Sequence[Entrant], key_of: Callable[[Entrant], Any]) -> dict[Any, list[Entrant]]:
    groups: dict[Any, list[Entrant]] = {}
    for entrant in side:
        groups.setdefault(key_of(entrant), []).append(entrant)
    return groups


def _only(side: list[Entrant]) -> Entrant:
    if len(side) > 1:
        listed = ", ".join(f"{entrant.title} in {shown(entrant.first.folder)}" for entrant in side)
        problem = f"{len(side)} runs of '{side[0].task}': {listed}"
        raise UserError("", problem, "one run of a task on each side, or the same models and methods on both")
    return side[0]


def _is_seed(key: Any) -> bool:
    return str(key).rpartition("_")[2] == "seed"


def _seeds(config: Any, path: str = "") -> dict[str, str]:
    """Return the seeds of a config as JSON, by dotted key."""
    if isinstance(config, list):
        config = dict(enumerate(config))
    if not isinstance(config, dict):
        return {}
    found: dict[str, str] = {}
    for key, value in config.items():
        here = f"{path}.{key}" if path else str(key)
        found |= {here: canonical_json(value)} if _is_seed(key) else _seeds(value, here)
    return found


def without_seeds(config: Any) -> Any:
    """Return a config without its seeds, at any depth."""
    if isinstance(config, dict):
        return {key: without_seeds(value) for key, value in config.items() if not _is_seed(key)}
    return [without_seeds(value) for value in config] if isinstance(config, list) else config
