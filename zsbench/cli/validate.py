"""`zsbench validate`: check configs as `eval` would, without loading any data or model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from zsbench.cli._screen import say
from zsbench.config import catalog
from zsbench.config.catalog import ConfigKind
from zsbench.config.paths import unset_variables
from zsbench.core.errors import Mistakes, UnsetVariable, UserError, UserErrors

if TYPE_CHECKING:
    from zsbench.plan.planning import Plan


def validate(
    configs: Annotated[list[str], typer.Argument(help="Suites, papers, tasks or models: names or YAML files.")],
) -> None:
    """Check configs; every mistake is shown with file, line and the nearest right name."""

    mistakes = Mistakes()
    for name in [file for config in configs for file in _files(config)]:
        with mistakes.noted(), unset_variables() as unset:
            what = _check(name)
            needs = f" (needs {', '.join(f'${variable}' for variable in sorted(unset))} to run)" if unset else ""
            say(f"{name}: ok, {what}{needs}")
    mistakes.refuse()


def _files(config: str) -> list[str]:
    """Return a config, or every YAML file below a folder that no config is named after."""
    kinds: tuple[ConfigKind, ...] = get_args(ConfigKind)
    if not Path(config).is_dir() or any(config in catalog.configs(kind) for kind in kinds):
        return [config]
    files = [str(path) for path in sorted(Path(config).rglob("*.yaml"))]
    if not files:
        raise UserError(config, "no YAML file in this folder", "a config, or a folder of them")
    return files


def _check(name: str) -> str:
    """Return what a sound config amounts to.

    Raises
    ------
    UserErrors
        Anything is wrong with it, a local file it names among that.
    """
    from zsbench.config import overlay
    from zsbench.plan import model_configs, planning, task_configs
    from zsbench.plan.choices import Choices

    models = catalog.configs("models")
    document = overlay.load(models[name].path if name in models else planning.find(name))
    if "adapter" in document.value:
        return f"a model of adapter {model_configs.check_model(document).name}"
    if "type" in document.value:
        return f"a task of type {task_configs.check_task(document).type}"
    made = planning.make(name)
    variants = [made]
    text = _runs(len(made.jobs))
    if "embedded" in document.value:
        variants.append(planning.make(name, Choices(embedded=True)))
        text += f", {_runs(len(variants[-1].jobs))} embedded"
    problems = [problem for each in variants for found in each.missing.values() for problem in found]
    absent = {str(problem): problem for problem in problems if not isinstance(problem, UnsetVariable)}
    if absent:
        raise UserErrors(absent.values())
    return text + _waiting(made)


def _waiting(made: Plan) -> str:
    """Return how many published values no run will stand beside: their checkpoints or inputs are not public."""
    rows = [(job.task_name, job.model_name, job.method.title) for job in made.jobs]
    for average in made.averages:
        rows += [(average.name, model, method) for task, model, method in rows if task in average.tasks]
    values = [(task, entry) for (_, task), entries in made.expected.items() for entry in entries]
    n = sum(
        not any(on == task and e.model in ("", model) and e.method in ("", method) for on, model, method in rows)
        for task, e in values
    )
    return f", {n} of {len(values)} published values wait for a model or method of yours" if n else ""


def _runs(n: int) -> str:
    return f"{n} run{'s' * (n != 1)}"
