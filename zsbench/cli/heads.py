"""`zsbench heads`: find the attention heads that tell relevant passages from others, from a few labelled queries."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import say

if TYPE_CHECKING:
    from zsbench.plan.job import Job


class Rule(str, Enum):
    """How heads are scored."""

    contrastive = "contrastive"
    query_focused = "query-focused"


def heads(
    task: Annotated[str, typer.Argument(help="A re-ranking task: a name or a YAML file.")],
    model: Annotated[str, typer.Option(help="A decoder: a name, a YAML file, or ADAPTER:MODEL.")],
    out: Annotated[Path, typer.Option(help="The file to write, for `heads:` of method icr.", callback=file_to_write)],
    queries: Annotated[int, typer.Option(min=1, help="How many labelled queries to look at (a seeded sample).")] = 32,
    method: Annotated[Rule, typer.Option(help="Relevant against irrelevant passages, or relevant ones alone.")] = (
        Rule.contrastive
    ),
    top: Annotated[int, typer.Option(min=1, help="How many heads to keep.")] = 8,
    temperature: Annotated[float, typer.Option(min=1e-6, max=1e6, help="Of the contrastive softmax.")] = 0.1,
    assign: Annotated[
        list[str] | None, typer.Option("--set", help="Change a key: task.a=1, model.b=x, method.prompt=ie. Repeatable.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N, mps.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, float16 or bfloat16.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 0,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
) -> None:
    """Write the heads that find relevant passages; they are a support set, so judge them on other queries."""
    from zsbench.core import files, outputs
    from zsbench.core.errors import UserError
    from zsbench.methods.rerank import heads
    from zsbench.plan import planning
    from zsbench.plan.choices import Choices

    settings = {"device": device, "dtype": dtype, "seed": seed, "threads": threads}
    choices = Choices(
        models=(model,),
        methods=("icr",),
        settings={key: value for key, value in settings.items() if value is not None},
        assignments=tuple(assign or ()),
    )
    jobs = planning.make(task, choices).jobs
    if len(jobs) != 1 or jobs[0].task.type != "rerank":
        raise UserError("", f"'{task}' is not one re-ranking task", "a task of type rerank")
    files.require_writable(out.parent)
    head_file = _find(jobs[0], queries, method.value, top, temperature)
    outputs.write_answer("--out", out, heads.dump(head_file).encode())
    kept = ", ".join(f"{layer}.{head}" for layer, head in head_file.heads)
    say(f"heads (layer.head) {kept}\nfrom {len(head_file.queries)} queries of {head_file.task}, in {out}", error=True)


def _find(job: Job, n: int, rule: Any, top: int, temperature: float) -> Any:
    """Return the head file of a job's task and model."""
    from zsbench.core.errors import UserError
    from zsbench.methods.rerank import heads, icr
    from zsbench.models import runtime
    from zsbench.tasks.base import sample

    data = job.build_task().load(limit=None, seed=job.settings.seed)
    usable = [
        number
        for number, (item, grades) in enumerate(zip(data.items, data.gold, strict=True))
        if 0 < sum(grades.get(document.id, 0) > 0 for document in item.documents) < len(item.documents)
    ]
    if not usable:
        found = "no query has both relevant and other passages among its candidates"
        raise UserError(job.task_name, found, "judged queries and a first stage that finds some of their passages")
    kept = [usable[i] for i in sample(len(usable), n, job.settings.seed)]
    options = {key: value for key, value in job.method.parts[0].options.items() if key not in ("layers", "heads")}
    reader = icr.reader(options, calibration="none" if rule == "contrastive" else "na")
    settings = job.settings
    runtime.configure(
        device=settings.device, dtype=settings.dtype, threads=settings.threads, batch_size=settings.batch_size
    )
    assert job.model is not None
    network = job.model.build()
    items, gold = [data.items[i] for i in kept], [data.gold[i] for i in kept]
    scores = heads.score(network, items, gold, reader, rule=rule, temperature=temperature)
    return heads.HeadFile(
        heads=heads.best(scores, top),
        rule=rule,
        task=job.task_name,
        model=job.model_name,
        model_fingerprint=network.fingerprint,
        data_fingerprint=data.fingerprint,
        queries={item.id: item.query for item in items},
        options={**options, "seed": settings.seed, **({"temperature": temperature} if rule == "contrastive" else {})},
        scores=[[round(float(value), 8) for value in row] for row in scores],
    )
