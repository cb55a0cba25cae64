"""`zsbench score`: judge predictions that are already there; no model is loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._grids import print_grids
from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import columns, say, show

if TYPE_CHECKING:
    from zsbench.config.blocks import Block
    from zsbench.config.schema import Settings, TaskConfig
    from zsbench.run.given import Given


def score(
    task: Annotated[
        str | None, typer.Argument(help="A task (name or YAML file), or a task type together with --gold.")
    ] = None,
    predictions: Annotated[
        list[Path] | None, typer.Option(help="File or folder in the task type's format. Repeatable.")
    ] = None,
    gold: Annotated[Path | None, typer.Option(help="Gold file instead of the task's data.")] = None,
    run: Annotated[
        list[Path] | None, typer.Option(help="A TREC run, judged by --qrels; no task is needed. Repeatable.")
    ] = None,
    qrels: Annotated[Path | None, typer.Option(help="TREC or BEIR judgements for --run.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="These metrics; trec_eval's names are known too. Repeatable.")
    ] = None,
    missing: Annotated[
        str | None, typer.Option(help="Judged queries absent from a run: zero (as published) or skip.")
    ] = None,
    items: Annotated[
        Path | None,
        typer.Option(help="Write each item's values here: metric, id, value (TSV).", callback=file_to_write),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of the resampling; by default the one of the run that made the predictions."),
    ] = None,
    mean: Annotated[
        bool, typer.Option("--mean", help="The mean over several predictions with its standard deviation, no row each.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Score predictions with intervals, in the formats `eval` writes; `--run R --qrels Q` stands in for trec_eval."""
    from zsbench.config import validate
    from zsbench.config.schema import Settings
    from zsbench.core.errors import UserError
    from zsbench.core.yamlio import Document
    from zsbench.report import envelope, means
    from zsbench.run import given

    task, paths, gold = _asked(task, _listed(predictions), gold, _listed(run), qrels)
    if items is not None and len(paths) > 1:
        raise UserError("--items", f"{len(paths)} prediction files", "one, whose values it writes")
    if mean and len(paths) < 2:
        raise UserError("--mean", "one file of predictions", "several, such as the runs of one model")
    overrides: dict[str, Any] = {"metrics": list(metric)} if metric else {}
    if missing is not None:
        overrides["missing"] = missing
    config, source, name = _task(task, gold, overrides)
    every = [given.resolved(path) for path in paths]
    given.require_distinct(every)
    given_seed = {} if seed is None else {"seed": seed}
    results = []
    for one in every:
        document = Document(Path.cwd() / "--seed", {**one.sampled(), **given_seed})
        results.append(_judged(one, config, source, name, validate.check(Settings, document), items))
    if json:
        say(envelope.as_json([envelope.Suite("score", results, means=means.means(results) if mean else [])]), data=True)
    elif mean:
        print_grids([means.grid(results)])
    else:
        _print(results)


def _judged(
    given: Given, config: TaskConfig, source: Block, task_name: str, settings: Settings, items: Path | None
) -> dict[str, Any]:
    """Return the result of one file or folder of predictions."""
    from zsbench.config.blocks import Block, Chain
    from zsbench.core.records import SCHEMA_VERSION, Cost
    from zsbench.plan.job import Job
    from zsbench.run import result
    from zsbench.run.given import predictions
    from zsbench.run.judge import judge

    nothing = Chain((Block("methods", "given", label=given.name),))
    job = Job("score", task_name, config, source, "given", None, nothing, settings)
    task = job.build_task()
    data = task.load(limit=settings.limit, seed=settings.seed, score_only=True)
    judgement = judge(task, config, data, predictions(given, task, data.items), settings, title=str(given.path))
    if items is not None:
        _write_items(items, [item.id for item in data.items], judgement.statistics, type(task).metric_kinds)
    notes = {"warning": judgement.warning} if judgement.warning else {}
    scored = result.describe(job, task, data, judgement, cost=Cost(), notes=notes, device="", given=True)
    return {"schema_version": SCHEMA_VERSION, **scored, "data_fingerprint": data.fingerprint}


def _print(results: list[dict[str, Any]]) -> None:
    """Print the table, and under it what was left out or is lacking."""
    from zsbench.report import tables, terminal

    show(terminal.to_rich(tables.rows(results), columns(), elsewhere="--json"))
    if sys.stderr.isatty() and not sys.stdout.isatty():
        # Whoever sends the table into a file still reads what is lacking; where both go to one log it stands there.
        counts = dict.fromkeys(f"{what}: {n}" for result in results for what, n in result["counts"].items() if n)
        for line in counts:
            say(line, error=True)


def _listed(paths: list[Path] | Path | None) -> list[Path]:
    """Return paths as a list; who calls the command from Python may give one."""
    return [paths] if isinstance(paths, Path) else paths or []


def _asked(
    task: str | None, predictions: list[Path], gold: Path | None, runs: list[Path], qrels: Path | None
) -> tuple[str, list[Path], Path | None]:
    """Return task, predictions and gold, whichever way they were named."""
    from zsbench.core.errors import UserError

    if runs or qrels is not None:
        if not runs or qrels is None:
            raise UserError("score", "--run and --qrels go together", "--run FILE --qrels FILE")
        if predictions or gold is not None:
            raise UserError("score", "--predictions or --gold beside --run", "--run FILE --qrels FILE alone")
        return task or "rerank", runs, qrels
    if task is None or not predictions:
        raise UserError("score", "no predictions to judge", "TASK --predictions FILE, or --run FILE --qrels FILE")
    return task, predictions, gold


def _write_items(path: Path, ids: list[str], statistics: Any, kinds: tuple[str, ...]) -> None:
    """Write `metric<TAB>id<TAB>value`, as trec_eval's -q prints; a metric of several statistics has one row each."""
    from zsbench.core import files
    from zsbench.metrics import naming
    from zsbench.results.items import item_columns

    lines = []
    for name, table in statistics.items():
        for label, column in item_columns(name, table, naming.resolve(name, kinds=kinds).columns).items():
            lines += [f"{label}\t{key}\t{value!r}\n" for key, value in zip(ids, map(_plain, column), strict=True)]
    files.write_bytes(path, "".join(lines).encode())


def _plain(value: Any) -> Any:
    return value.tolist()


def _clusters(data: Any, source: str) -> dict[str, Any]:
    """Return what a task's own data say of clusters, where gold comes from a file that the same source reads."""
    if not isinstance(data, dict) or str(data.get("source", "")).replace("_", "-") != source:
        return {}
    return {"cluster": data["cluster"]} if "cluster" in data else {}


def _task(name: str, gold: Path | None, overrides: dict[str, Any]) -> tuple[TaskConfig, Block, str]:
    """Return the checked task config, its data block (from `gold` when given) and its name."""
    from zsbench.config import catalog, overlay
    from zsbench.core.errors import UserError
    from zsbench.core.yamlio import Document
    from zsbench.plan import task_configs

    if name in catalog.components("tasks") and name not in catalog.configs("tasks"):
        if gold is None:
            raise UserError("--gold", f"task type '{name}' alone has no data", "--gold FILE, or the name of a task")
        document = Document(Path.cwd() / "score", {"type": name, "description": f"{name}, scored"})
    else:
        document = overlay.load(catalog.find_config("tasks", name))
    if gold is not None:
        kind = document.value.get("type", "")
        overrides["data"] = catalog.load_module("tasks", kind).Task.gold_source(str(gold.resolve()))
        overrides["data"] |= _clusters(document.value.get("data"), overrides["data"]["source"])
    marks = {loc: mark for loc, mark in document.marks.items() if loc[:1] != ("metrics",) or "metrics" not in overrides}
    marks |= {("metrics",): (Path.cwd() / "--metric", 0)} if "metrics" in overrides else {}
    document = Document(document.path, {**document.value, **overrides}, marks)
    task, source = task_configs.read_task(document)
    missing = next((path for path in source.files() if not Path(path).exists()), None)
    if missing:
        raise UserError(str(missing), "no such file")
    return task, source, Path(name).stem
