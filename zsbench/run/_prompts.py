"""The texts that a run gave its model, as prompts.json keeps them.

Encoders of classes, captions and labels: every distinct text, word by word (tasks and `Features` collect them). A
language model gets another text for each item, so that its file holds the wording, with stand-ins where queries and
passages belong, and the first prompt of the run as the model read it, chat template included. Encoders of queries and
passages have no wording; their file holds the first query with its prefix, or the first pair.
"""

from __future__ import annotations

import inspect
from typing import Any

from zsbench.config import catalog
from zsbench.core.context import RunContext
from zsbench.plan.job import Job

LONGEST = 20_000
"""Characters of a prompt that are kept; the middle of a longer one is left out."""


def of_run(job: Job, model: Any, context: RunContext) -> list[str]:
    """Return what the run has given its model so far; what an interrupted run has kept stays."""
    first = context.cost.first_prompt
    if first and not context.prompts:
        context.prompts |= dict.fromkeys([*wordings(job, model), shortened(first)])
    return list(context.prompts)


def wordings(job: Job, model: Any) -> list[str]:
    """Return what `zsbench show` prints of the prompts of a job's methods, in the form that suits the model."""
    task = job.task.model_dump(exclude={*type(job.task).data_keys, "data"})
    chat = bool(getattr(model, "converses", True))
    texts = []
    for part in job.method.parts:
        describe = getattr(catalog.load_module("methods", part.name), "describe_prompt", None)
        if describe is not None:
            form = {"chat": chat} if "chat" in inspect.signature(describe).parameters else {}
            texts.append(describe(part.options, task, **form))
    return texts


def shortened(prompt: str) -> str:
    """Return a prompt of at most about `LONGEST` characters."""
    if len(prompt) <= LONGEST:
        return prompt
    half = LONGEST // 2
    return f"{prompt[:half]}\n[... {len(prompt) - 2 * half} characters left out here ...]\n{prompt[-half:]}"
