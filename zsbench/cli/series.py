"""`zsbench series`: checkpoints of one model, each with what it gained over the one before, and at what size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._screen import say, show


def series(
    folder: Annotated[Path, typer.Argument(help="A folder with results, written by `zsbench eval --out`.")],
    models: Annotated[str, typer.Option(help="The checkpoints' names in their order, with commas: a,b,c.")],
    metric: Annotated[
        list[str] | None, typer.Option(help="Only these metrics; default: each task's first. Repeatable.")
    ] = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Load each model and count parameters and operations of an image.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Print one row a checkpoint: parameters, GFLOPs an image, score, and the difference to the checkpoint before."""
    from zsbench.core.errors import UserError
    from zsbench.report import series as report
    from zsbench.results.store import find_results

    names = [name.strip() for name in models.split(",") if name.strip()]
    if len(names) < 2 or len(set(names)) < len(names):
        raise UserError("--models", f"'{models}'", "at least two different names with commas between them")
    results = find_results(folder)
    known = sorted({name for result in results for name in result["metrics"]})
    wanted = [_named(name, known) for name in metric or ()]
    steps = report.steps(results, names, metrics=wanted)
    if measure:
        steps = report.steps(results, names, metrics=wanted, sizes={name: _size(name) for name in names})
    if json:
        import json as encoder

        say(encoder.dumps(report.to_json(names, steps), indent=2, ensure_ascii=False), data=True)
        return
    show(report.to_rich(steps))


def _named(written: str, known: list[str]) -> str:
    """Return the metric among the results' that a spelling stands for."""
    from zsbench.core.errors import UserError, did_you_mean
    from zsbench.metrics import naming

    name = naming.named(written, known)
    if name is None:
        raise UserError("--metric", f"no metric {written}", f"one of {', '.join(known)}", did_you_mean(written, known))
    return name


def _size(name: str) -> dict[str, float | None]:
    """Return a model's size, from the model itself."""
    from zsbench.models import references, size

    adapter = references.image_text_encoder(name, "--measure")
    network = getattr(adapter, "module", None)
    if network is None:
        return {}
    return {"parameters": float(size.parameters(network)), "gflops": size.image_gflops(adapter)}
