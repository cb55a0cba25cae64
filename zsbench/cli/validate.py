"""`zsbench validate`: check configs as `eval` would, without loading any data or model."""

from __future__ import annotations

from typing import Annotated

import typer


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
            typer.echo(f"{name}: ok, {found}{needs}")
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
    text = _runs(len(plan.make(name).jobs))
    if "embedded" in document.value:
        text += f", {_runs(len(plan.make(name, plan.Choices(embedded=True)).jobs))} embedded"
    return text


def _runs(n: int) -> str:
    return f"{n} run{'s' * (n != 1)}"
