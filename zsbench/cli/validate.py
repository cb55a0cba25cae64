"""`zsbench validate`: check configs as `eval` would, without loading any data or model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._screen import say

if TYPE_CHECKING:
    from zsbench.plan import Plan


def validate(
    configs: Annotated[list[str], typer.Argument(help="Suites, papers, tasks or models: names or YAML files.")],
) -> None:
    """Check configs; every mistake is shown with file, line and the nearest right name."""
    from zsbench.catalog import unset_variables
    from zsbench.errors import UserError, UserErrors

    errors: list[UserError] = []
    for name in configs:
        try:
            with unset_variables() as unset:
                found = _check(name)
            needs = f" (needs {', '.join(f'${variable}' for variable in sorted(unset))} to run)" if unset else ""
            say(f"{name}: ok, {found}{needs}")
        except UserErrors as many:
            errors += many.errors
        except UserError as error:
            errors.append(error)
    if errors:
        raise UserErrors(errors)


def _check(name: str) -> str:
    """Return what a sound config amounts to."""
    from zsbench import catalog, config, plan
    from zsbench.modified import model_block

    models = catalog.configs("models")
    document = config.load(models[name].path if name in models else plan.find(name))
    if "adapter" in document.value:
        config.check(config.ModelConfig, document)
        block = model_block(document.value, document, ())
        return f"a model of adapter {block.name}"
    if "type" in document.value:
        task, _ = plan.read_task(document)
        return f"a task of type {task.type}"
    made = plan.make(name)
    text = _runs(len(made.jobs))
    if "embedded" in document.value:
        text += f", {_runs(len(plan.make(name, plan.Choices(embedded=True)).jobs))} embedded"
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
