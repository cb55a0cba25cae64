"""One job from top to bottom: claim its folder, read its data, predict, judge, write the result."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from zsbench.config.blocks import located
from zsbench.plan.job import Job
from zsbench.results import claim, written
from zsbench.results.store import Store
from zsbench.run import context, predict, result
from zsbench.run.context import Options as Options
from zsbench.run.context import Progress as Progress
from zsbench.run.judge import judge
from zsbench.run.loaded import Loaded

log = logging.getLogger(__name__)


def finished(job: Job, options: Options, loaded: Loaded | None = None) -> dict[str, Any] | None:
    """Return the job's result if an earlier run already holds it; touches neither model nor data."""
    if options.fresh:
        return None
    asked = (loaded or Loaded()).asked(job)
    return Store(claim.place(job.folder(options.out), asked.question), job.unread.format.suffixes[0]).finished(asked)


def run(job: Job, model: Any, options: Options, progress: Progress, loaded: Loaded | None = None) -> dict[str, Any]:
    """Run one job and return its result; the same call after a kill goes on where the last one stopped.

    Parameters
    ----------
    job : what to run.
    model : the loaded adapter, or None.
    progress : called with (job title, items done, items in all).
    loaded : what the jobs of a command share.

    Raises
    ------
    UserError
        Data or predictions are wrong. Complete shards stay for the next try; where nothing was predicted, nothing does.
    """
    loaded = loaded or Loaded()
    question, folder = loaded.asked(job).question, job.folder(options.out)

    def waiting(text: str) -> None:
        log.warning("%s", text)
        progress(text, 0, 0)

    with claim.claimed(folder, question, fresh=options.fresh, waiting=waiting) as place:
        try:
            # Another process may have finished it in the meantime.
            return finished(job, options, loaded) or _run(job, place, model, options, progress, loaded)
        except Exception:
            written.remove_beginning(place, job.unread.format.suffixes[0])
            raise


def _run(job: Job, folder: Path, model: Any, options: Options, progress: Progress, loaded: Loaded) -> dict[str, Any]:
    started, clock = datetime.now(timezone.utc), time.perf_counter()
    run = context.opened(job, folder, model, options, progress, loaded)
    with located(*job.method.parts, *([job.model] if job.model is not None else [])):
        n_resumed = predict.missing_shards(run)
    run.data.counts |= run.context.notes.pop("counts", {})
    run.require_own_shards()
    predictions = predict.Predictions(run.task, run.store.shards(), run.data.items)
    judgement = judge(run.task, job.task, run.data, predictions, job.settings, title=job.title)
    seconds = time.perf_counter() - clock
    return result.write(run, judgement, predictions, n_resumed=n_resumed, started=started, seconds=seconds)
