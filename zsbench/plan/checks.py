"""Do a job's parts fit? Asked before any data or weights are read."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.config.paths import UNSET
from zsbench.core.errors import UnsetVariable, UserError, UserErrors
from zsbench.core.files import Folders
from zsbench.core.yamlio import shown

if TYPE_CHECKING:
    from zsbench.config.blocks import Block, Chain
    from zsbench.plan.job import Job


def check_job(job: Job) -> None:
    """Refuse a job whose parts do not fit.

    Raises
    ------
    UserError
        The method needs a model that is not given, or a capability that the model lacks; the task says that options of
        the two do not go together.
    """
    require_learnable(job.method, job.unread, job.where)
    job.unread.require_readable()
    needs = job.method.facts.needs
    if needs and job.model is None:
        names = ", ".join(need.__name__ for need in needs)
        raise UserError(
            job.where, f"method '{job.method.title}' needs a model offering {names}", "--model or `models:`"
        )
    if job.model is not None:
        offers = {part.__name__ for offer in job.model.facts.offers for part in offer.__mro__}
        named = ", ".join(sorted(offer.__name__ for offer in job.model.facts.offers))
        lacking = [need.__name__ for need in needs if need.__name__ not in offers]
        if lacking:
            found = f"method '{job.method.title}' needs {', '.join(lacking)}, which model '{job.model_name}' lacks"
            raise UserError(
                job.where,
                found,
                f"a model offering it ('{job.model.name}' offers {named})",
                _way_out(job.method, job.model, lacking),
            )
        task = job.unread
        found, expected = task.misfit(job.method, job.model)
        if found:
            raise UserError(job.where, found, expected)


def require_learnable(method: Chain, task: Any, where: str) -> None:
    """Refuse a method that learns from data which the task does not have, where the task type knows of such data."""
    found, expected = task.lacks(method)
    if found:
        raise UserError(where, found, expected)


def _way_out(method: Chain, model: Block, lacking: Collection[str]) -> str:
    """Return which options do without what the model lacks, or open it; nothing where there are none for all of it."""
    without = {need.__name__: way for part in method.parts for need, way in part.needs_with().items()}
    opening = {
        offer.__name__: " and ".join(f"`{key}: {_yaml(value)}`" for key, value in options)
        for offer, options in getattr(model.facts, "offers_with", ())
    }
    if not all(need in without or need in opening for need in lacking):
        return ""
    ways = [without[need] for need in lacking if need in without]
    opened = [opening[need] for need in lacking if need not in without]
    parts = [
        *([f"{' and '.join(ways)} in the method's options"] if ways else []),
        *([f"{' and '.join(opened)} in the model's YAML, where it can"] if opened else []),
    ]
    return f"or {', and '.join(parts)}"


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def missing_data(jobs: Sequence[Job]) -> dict[int, list[UserError]]:
    """Return what keeps jobs from running, by their number: local files and environment variables that are not there.

    What several jobs share is looked at once.
    """
    known: dict[int, list[UserError]] = {}
    waiting: dict[int, list[UserError]] = {}
    for number, job in enumerate(jobs):
        problems: list[UserError] = []
        for part in (job.model, job.source, *job.task.sources().values(), job.method):
            if part is not None:
                if id(part) not in known:
                    known[id(part)] = lacking(part.where, part.files())
                problems += known[id(part)]
        if id(job.task) not in known:
            known[id(job.task)] = lacking_of_task(job.unread)
        problems += known[id(job.task)]
        if problems:
            waiting[number] = list({str(problem): problem for problem in problems}.values())
    return waiting


def require_files(*blocks: Block | Chain) -> None:
    """Refuse components whose local files do not exist.

    Raises
    ------
    UserErrors
        The first missing file of each.
    """
    problems = [problem for block in blocks for problem in lacking(block.where, block.files())]
    problems = [problem for problem in problems if not isinstance(problem, UnsetVariable)]
    if problems:
        raise UserErrors(problems)


def lacking_of_task(task: Any) -> list[UserError]:
    """Return what `lacking` says of the files of a task, by the key that names them."""
    return [problem for where, files in task.files_by_place() for problem in lacking(where, files)]


def lacking(where: str, paths: Iterable[str]) -> list[UserError]:
    """Return the first of some files that is not there or is none, or the variables that are not set."""
    unset = {path: UNSET.findall(path) for path in paths if "$" in path}
    for path, names in unset.items():
        name = next((name for name in names if name not in os.environ), None)
        if name is not None:
            return [UnsetVariable(where, path, name)]
    folders = Folders()
    for path in paths:
        problem = "" if path in unset else folders.problem(path)
        if problem:
            # The name itself is never followed: of a link to nothing it is the link that is looked for.
            folder, name = os.path.split(path)
            named = f"'{os.path.normpath(os.path.join(shown(Path(folder)), name))}'"
            found = f"no such file {named}" if problem == "no such file" else f"{named} is {problem}"
            return [UserError(where, found, "" if problem == "no such file" else "a file")]
    return []
