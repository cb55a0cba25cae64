"""`zsbench schema`: JSON Schema of what a YAML may say and of what a result holds, for editors and readers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from zsbench.cli._screen import say


def schema(
    what: Annotated[
        str,
        typer.Argument(help="suite, paper, model, result, items, COMMAND-json, a task type, a component or a metric."),
    ],
) -> None:
    """Print a JSON Schema on stdout."""
    import json

    say(json.dumps(_schema(what), indent=2, ensure_ascii=False), data=True)


def _schema(what: str) -> dict[str, Any]:
    from zsbench.cli import _json_schemas
    from zsbench.config import catalog, suites
    from zsbench.config.components import options_schema
    from zsbench.config.schema import ModelConfig
    from zsbench.core.errors import unknown_name

    fixed: dict[str, Any] = {"suite": suites.SuiteConfig, "paper": suites.PaperConfig, "model": ModelConfig}
    if what in fixed:
        schema_of_yaml: dict[str, Any] = fixed[what].model_json_schema()
        return schema_of_yaml
    of_results = _json_schemas.known()
    if what in of_results:
        return of_results[what]()
    if what in catalog.components("tasks"):
        schema: dict[str, Any] = catalog.load_module("tasks", what).Config.model_json_schema()
        return schema
    for kind in ("methods", "models", "modifiers", "data"):
        if what in catalog.components(kind):  # type: ignore[arg-type]
            return options_schema(catalog.load_component(kind, what)).model_json_schema()  # type: ignore[arg-type]
    if what in catalog.metrics():
        from zsbench.metrics import naming

        return options_schema(naming.declared(what)).model_json_schema()
    known = [*fixed, *of_results, *catalog.components("tasks"), *catalog.components("methods")]
    names = f"{', '.join([*fixed, *of_results])}; names of `zsbench list tasks`, methods, sources, models, metrics"
    raise unknown_name("", "schema", what, known, listed_by=names)
