"""`zsbench score`: judge predictions that are already there; no model is loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from zsbench.config import Block, TaskConfig


def score(
    task: Annotated[
        str | None, typer.Argument(help="A task (name or YAML file), or a task type together with --gold.")
    ] = None,
    predictions: Annotated[Path | None, typer.Option(help="File or folder in the task type's format.")] = None,
    gold: Annotated[Path | None, typer.Option(help="Gold file instead of the task's data.")] = None,
    run: Annotated[Path | None, typer.Option(help="A TREC run, judged by --qrels; no task is needed.")] = None,
    qrels: Annotated[Path | None, typer.Option(help="TREC or BEIR judgements for --run.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="These metrics; trec_eval's names are known too. Repeatable.")
    ] = None,
    missing: Annotated[
        str | None, typer.Option(help="Judged queries absent from a run: zero (as published) or skip.")
    ] = None,
    items: Annotated[Path | None, typer.Option(help="Write each item's values here: metric, id, value (TSV).")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the resampling.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Score predictions with intervals, in the formats `eval` writes; `--run R --qrels Q` stands in for trec_eval."""
    from zsbench import plan, runner
    from zsbench.config import Block, Chain, Settings
    from zsbench.errors import UserError
    from zsbench.metrics._trec_names import ours
    from zsbench.report import tables
    from zsbench.tasks._base import settle

    task, predictions, gold = _asked(task, predictions, gold, run, qrels)
    overrides: dict[str, Any] = {"metrics": [ours(name) for name in metric]} if metric else {}
    if missing is not None:
        overrides["missing"] = missing
    config, source, name = _task(task, gold, overrides)
    nothing = Chain((Block("methods", "given", label=predictions.name),))
    job = plan.Job("score", name, config, source, "given", None, nothing, Settings(seed=seed))
    built = job.build_task()
    data = built.load(limit=None, seed=seed, score_only=True)
    read = _read(predictions, built, data.items)
    if not any(item.id in read for item in data.items):
        raise UserError(str(predictions), "no prediction for any item", f"ids such as '{data.items[0].id}'")
    found = settle(read, data.items, built.absent, str(predictions))
    for item, prediction in zip(data.items, found, strict=True):
        problem = built.check(item, prediction)
        if problem:
            raise UserError(str(predictions), problem)
    statistics = runner.item_statistics(built, job, data, found)
    scores = runner.score(job, statistics)
    if items is not None:
        _write_items(items, [item.id for item in data.items], statistics)
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

    from zsbench.report import terminal

    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(terminal.to_rich(table, console.width))
    for what, count in data.counts.items():
        if count:
            typer.echo(f"{what}: {count}", err=True)


def _asked(
    task: str | None, predictions: Path | None, gold: Path | None, run: Path | None, qrels: Path | None
) -> tuple[str, Path, Path | None]:
    """Return task, predictions and gold, whichever way they were named."""
    from zsbench.errors import UserError

    if run is not None or qrels is not None:
        if run is None or qrels is None:
            raise UserError("score", "--run and --qrels go together", "--run FILE --qrels FILE")
        if predictions is not None or gold is not None:
            raise UserError("score", "--predictions or --gold beside --run", "--run FILE --qrels FILE alone")
        return task or "rerank", run, qrels
    if task is None or predictions is None:
        raise UserError("score", "no predictions to judge", "TASK --predictions FILE, or --run FILE --qrels FILE")
    return task, predictions, gold


def _write_items(path: Path, ids: list[str], statistics: Any) -> None:
    """Write `metric<TAB>id<TAB>value`, as trec_eval's -q prints; a metric of several statistics has one row each."""
    from zsbench import files

    lines = []
    for name, table in statistics.items():
        for column in range(table.shape[1]):
            label = name if table.shape[1] == 1 else f"{name}.{column}"
            lines += [f"{label}\t{key}\t{value!r}\n" for key, value in zip(ids, table[:, column].tolist(), strict=True)]
    files.write_bytes(path, "".join(lines).encode())


def _task(name: str, gold: Path | None, overrides: dict[str, Any]) -> tuple[TaskConfig, Block, str]:
    """Return the checked task config, its data block (from `gold` when given) and its name."""
    from zsbench import catalog, config, plan
    from zsbench.errors import UserError
    from zsbench.yamlio import Document

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
