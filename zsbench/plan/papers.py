"""Paper configs as tables and `zsbench papers` need them: published values by suite, and what still waits for what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from zsbench.config import catalog, overlay, validate
from zsbench.config.suites import PaperConfig
from zsbench.core.errors import UnsetVariable, UserError, shown
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.plan.planning import Plan
from zsbench.plan.published import Published

EMBEDDED = "-embedded"
"""What the name of a paper's suite ends in where it is the offline variant."""


@dataclass(frozen=True)
class PaperState:
    """What there is of a paper.

    Attributes
    ----------
    runs, embedded : jobs of the paper's own protocol and of its offline variant.
    waiting : how many of `runs` lack local files or variables.
    published, verified : published values, and those that were looked up in their source.
    waits_for : what is missing: variables, files, models without a config, and what the paper's config declares.
    """

    name: str
    title: str
    year: int
    runs: int
    waiting: int
    embedded: int
    published: int
    verified: int
    waits_for: list[str] = field(default_factory=list)


def read(name: str) -> PaperConfig:
    """Return a paper's config by name (with or without `papers/`) or path.

    Raises
    ------
    UserError
        There is none, or it is the config of something else.
    """
    path = find(name)
    document = overlay.load(catalog.find_config("papers", path))
    if "paper" not in document.value:
        raise UserError(shown(document.path), "not the config of a paper", "a key `paper:`", "zsbench list papers")
    return validate.check(PaperConfig, document)


def find(name: str) -> str:
    """Return a paper's name as configs have it, or the path that was written."""
    return name.removeprefix("papers/")


def planned(name: str, *, embedded: bool = False) -> Plan:
    """Return the jobs of a paper, or of its offline variant."""
    written = find(name)
    is_path = written.endswith((".yaml", ".yml"))
    return planning.make(written if is_path else f"papers/{written}", Choices(embedded=embedded))


def published(suites: Iterable[str]) -> dict[str, Published]:
    """Return the published values of the suites that are papers, by the suites' names; others are left out."""
    known = catalog.configs("papers")
    values: dict[str, Published] = {}
    for suite in dict.fromkeys(suites):
        name = suite.removesuffix(EMBEDDED)
        if name in known:
            values[suite] = planned(name, embedded=suite != name).expected
    return values


def state(name: str) -> PaperState:
    """Return what there is of a paper, by its name."""
    config, plan = read(name), planned(name)
    entries = [entry for of_key in plan.expected.values() for entry in of_key]
    embedded = len(planned(name, embedded=True).jobs) if config.embedded else 0
    known = {*catalog.configs("models"), "none", "", *(job.model_name for job in plan.jobs)}
    unknown = list(dict.fromkeys(entry.model for entry in entries if entry.model not in known))
    waits_for = [*config.waits_for, *_missing(plan)]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        waits_for.append(f"a config of the published model {unknown[0]}{more}")
    return PaperState(
        find(name),
        config.paper.title,
        config.paper.year,
        len(plan.jobs),
        len(plan.missing),
        embedded,
        len(entries),
        sum(entry.verified for entry in entries),
        waits_for,
    )


def _missing(plan: Plan) -> list[str]:
    """Return the variables and files that jobs wait for, each once with the number of jobs."""
    jobs: dict[str, set[int]] = {}
    for number, problems in plan.missing.items():
        for problem in problems:
            what = f"${problem.args[2]}" if isinstance(problem, UnsetVariable) else problem.found
            jobs.setdefault(what, set()).add(number)
    files = {what: numbers for what, numbers in jobs.items() if not what.startswith("$")}
    lines = [f"{what} ({_runs(len(numbers))})" for what, numbers in jobs.items() if what not in files]
    if files:
        first, waiting = next(iter(files)), set().union(*files.values())
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        lines.append(f"{first}{more} ({_runs(len(waiting))})")
    return lines


def _runs(n: int) -> str:
    return f"{n} run{'' if n == 1 else 's'}"
