"""`zsbench validate`: check configs as `eval` would, without loading any data or model."""

from __future__ import annotations

from typing import Annotated

import typer


def validate(
    configs: Annotated[list[str], typer.Argument(help="Suites, papers, tasks or models: names or YAML files.")],
) -> None:
    """Check configs; every mistake is shown with file, line and the nearest right name."""
    from zsbench.errors import UserError, UserErrors

    errors: list[UserError] = []
    for name in configs:
        try:
            typer.echo(f"{name}: ok, {_check(name)}")
        except UserErrors as many:
            errors += many.errors
        except UserError as error:
            errors.append(error)
    if errors:
        raise UserErrors(errors)


def _check(name: str) -> str:
    """Return what a sound config amounts to."""
    from zsbench import catalog, config, plan

    path = None
    if name.endswith((".yaml", ".yml")):
        path = catalog.find_config("suites", name)
    elif name in catalog.configs("models"):
        path = catalog.configs("models")[name].path
    document = config.load(path) if path is not None else None
    if document is not None and "adapter" in document.value:
        config.check(config.ModelConfig, document)
        block = config.block("models", document.value, "adapter", document, ())
        return f"a model of adapter {block.name}"
    if document is not None and "type" in document.value:
        task, _ = plan.read_task(document)
        return f"a task of type {task.type}"
    made = plan.make(name)
    if getattr(made, "jobs", None) and _has_embedded(name):
        plan.make(name, plan.Choices(embedded=True))
    return f"{len(made.jobs)} run{'s' * (len(made.jobs) != 1)}"


def _has_embedded(name: str) -> bool:
    from zsbench import catalog, config

    known = catalog.configs("papers").get(name.removeprefix("papers/"))
    return known is not None and "embedded" in config.load(known.path).value
