"""`zsbench score`: judge predictions that are already there; no model is loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from zsbench.config import Block, TaskConfig


def score(
    task: Annotated[str, typer.Argument(help="A task (name or YAML file), or a task type together with --gold.")],
    predictions: Annotated[Path, typer.Option(help="File or folder in the task type's format.")],
    gold: Annotated[Path | None, typer.Option(help="Gold file instead of the task's data.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="These metrics instead of the task's. Repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the resampling.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Score a predictions file with intervals. `zsbench eval` writes the same formats."""
    from zsbench import plan, runner
    from zsbench.config import Block, Chain, Settings
    from zsbench.report import tables
    from zsbench.tasks._base import settle

    config, source, name = _task(task, gold, metric)
    nothing = Chain((Block("methods", "given", label=predictions.name),))
    job = plan.Job("score", name, config, source, "given", None, nothing, Settings(seed=seed))
    built = job.build_task()
    data = built.load(limit=None, seed=seed, score_only=True)
    found = settle(_read(predictions, built, data.items), data.items, built.absent, str(predictions))
    for item, prediction in zip(data.items, found, strict=True):
        problem = built.check(item, prediction)
        if problem:
            from zsbench.errors import UserError

            raise UserError(str(predictions), problem)
    scores = runner.score(job, runner.item_statistics(built, job, data, found))
    result: dict[str, Any] = {
        "task": name,
        "model": "given",
        "method": predictions.name,
        "synthetic": config.synthetic,
        "protocol": built.protocol(),
        "counts": data.counts,
        "metrics": {key: runner.without_nan(value.as_dict()) for key, value in scores.items()},
    }
    table = tables.rows([result])
    if json:
        typer.echo(tables.to_json(table), nl=False)
        return
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 160).print(tables.to_rich(table))
    for what, count in data.counts.items():
        if count:
            typer.echo(f"{what}: {count}", err=True)


def _task(name: str, gold: Path | None, metric: list[str] | None) -> tuple[TaskConfig, Block, str]:
    """Return the checked task config, its data block (from `gold` when given) and its name."""
    from zsbench import catalog, config, plan
    from zsbench.errors import UserError
    from zsbench.yamlio import Document

    overrides: dict[str, Any] = {"metrics": metric} if metric else {}
    if name in catalog.components("tasks") and name not in catalog.configs("tasks"):
        if gold is None:
            raise UserError("--gold", f"task type '{name}' alone has no data", "--gold FILE, or the name of a task")
        document = Document(Path.cwd() / "score", {"type": name, "description": f"{name}, scored"})
    else:
        document = config.load(catalog.find_config("tasks", name))
    if gold is not None:
        kind = document.value.get("type", "")
        overrides["data"] = catalog.load_module("tasks", kind).Task.gold_source(str(gold.resolve()))
    document = Document(document.path, {**document.value, **overrides}, document.marks)
    task, source = plan.read_task(document)
    missing = next((path for path in source.files() if not Path(path).exists()), None)
    if missing:
        raise UserError(str(missing), "no such file")
    return task, source, Path(name).stem


def _read(path: Path, task: Any, items: Any) -> dict[str, Any]:
    """Read one prediction file, or all in a folder (the shards of a run, or one file an item)."""
    from zsbench.errors import UserError

    if not path.exists():
        raise UserError(str(path), "no such file")
    if path.is_file():
        found: dict[str, Any] = task.read(path, items)
        return found
    suffixes = (task.suffix, ".npy", ".png") if task.suffix == ".npz" else (task.suffix,)
    files = sorted(p for p in path.rglob("*") if p.suffix in suffixes and not p.name.startswith("."))
    if not files:
        raise UserError(str(path), f"no {' or '.join(suffixes)} files in it")
    merged: dict[str, Any] = {}
    for file in files:
        for key, value in task.read(file, items).items():
            if key in merged:
                raise UserError(str(file), f"item '{key}' was already in another file")
            merged[key] = value
    return merged
