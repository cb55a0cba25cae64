"""Do a job's parts fit? Asked before any data or weights are read."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from zsbench.errors import UserError
from zsbench.yamlio import shown

if TYPE_CHECKING:
    from zsbench.config import Block, Chain
    from zsbench.job import Job


def check_job(job: Job) -> None:
    """Refuse a job whose parts do not fit.

    Raises
    ------
    UserError
        The method needs a model that is not given, or a capability that the model lacks; the task says that options of
        the two do not go together.
    """
    needs = job.method.facts.needs
    if needs and job.model is None:
        names = ", ".join(need.__name__ for need in needs)
        raise UserError(
            job.where, f"method '{job.method.title}' needs a model offering {names}", "--model or `models:`"
        )
    if job.model is not None:
        offers = {offer.__name__ for offer in job.model.facts.offers}
        lacking = [need.__name__ for need in needs if need.__name__ not in offers]
        if lacking:
            found = f"method '{job.method.title}' needs {', '.join(lacking)}, which model '{job.model_name}' lacks"
            raise UserError(
                job.where,
                found,
                f"a model offering it ('{job.model.name}' offers {', '.join(sorted(offers))})",
                _way_out(job.method, lacking),
            )
        task = job.build_task()
        found, expected = task.misfit(job.method, job.model) if hasattr(task, "misfit") else ("", "")
        if found:
            raise UserError(job.where, found, expected)


def _way_out(method: Chain, lacking: Collection[str]) -> str:
    """Return which options do without what the model lacks; nothing where a capability is needed in any case."""
    advice = {need.__name__: way for part in method.parts for need, way in part.needs_with().items()}
    ways = [advice.get(need, "") for need in lacking]
    return f"or {' and '.join(ways)} in the method's options" if all(ways) else ""


def check_files(jobs: Iterable[Job]) -> None:
    """Refuse files that do not exist; what several jobs share is looked at once.

    Raises
    ------
    UserError
        The first file that is missing, at the block that names it.
    """
    seen: set[int] = set()
    for job in jobs:
        parts: list[Block | Chain | None] = [job.model, job.source, *job.task.sources().values(), job.method]
        new = [part for part in parts if part is not None and id(part) not in seen]
        named = [(part.where, part.files()) for part in new]
        if id(job.task) not in seen:
            named.append((job.source.where, job.build_task().files()))
        seen |= {id(part) for part in (*new, job.task)}
        for where, paths in named:
            # Only `validate` lets a variable that is not set through; what lies behind it cannot be looked for.
            missing = next((path for path in paths if "$" not in path and not os.path.exists(path)), None)
            if missing:
                raise UserError(where, f"no such file '{shown(Path(missing))}'")
