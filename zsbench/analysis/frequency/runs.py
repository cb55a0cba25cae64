"""Performance on single concepts: from finished runs, whose files hold what every item scored.

A concept of a classification is a class, by its name: classes of one name are one concept. A retrieval has the concepts
that a file gives for its images, `{image id: [concept, ...]}`; a caption is asked for the concepts of its image, and
concepts of fewer images than wanted are left out.

Source of the rule for retrieval: Udandarao et al. 2024, arXiv:2404.04125 (concepts in at least 10 test images).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from zsbench.analysis.frequency import corpus
from zsbench.analysis.frequency.performance import Performance
from zsbench.analysis.frequency.presets import Kind
from zsbench.core.errors import UserError, shown, unknown_name
from zsbench.core.lazy import DoubleArray, np
from zsbench.data.captions.image_concepts import EXPECTED, FEWEST_IMAGES, ImageConcepts
from zsbench.metrics import naming
from zsbench.metrics.metric import Metric
from zsbench.report.plain import one_line
from zsbench.report.variants import variants
from zsbench.results.finished_run import FinishedRun

RETRIEVAL = "image-text-retrieval"
FACTS = ("model", "method")
"""What tells the curves of results apart."""


def of_runs(
    runs: Sequence[FinishedRun],
    metrics: Sequence[str] = (),
    concepts: ImageConcepts | None = None,
    *,
    fewest_images: int = FEWEST_IMAGES,
    only: Mapping[str, Collection[str]] = {},
) -> list[Performance]:
    """Return an entry for each model, method and metric; the tasks that they ran on are its data sets.

    Parameters
    ----------
    metrics : means over items; by default the first such of every task, which is `acc@1` of a classification.
    concepts : of the images of retrieval tasks.
    only : the values of `dataset`, `model` and `method` that are wanted.

    Raises
    ------
    UserError
        Nothing of what is wanted, no such metric, one that is no mean over items, a retrieval without concepts, items
        without a class.
    """
    found: dict[tuple[str, ...], Performance] = {}
    for run, facts in _wanted(runs, only):
        for metric in _metrics(run, metrics):
            values = _by_concept(run, metric, concepts, fewest_images)
            kind: Kind = "retrieval" if run.result["task_type"] == RETRIEVAL else "classification"
            entry = Performance(facts, kind, metric.name, metric.unit, {}, shown(run.folder))
            entry = found.setdefault((*facts.values(), kind, metric.name), entry)
            task = run.result["task"]
            entry.values[task if task not in entry.values else shown(run.folder)] = values
    return list(found.values())


def _wanted(
    runs: Sequence[FinishedRun], only: Mapping[str, Collection[str]]
) -> list[tuple[FinishedRun, dict[str, str]]]:
    """Return the runs that are wanted, with what tells them from others; counts know the other columns of `only`."""
    odd = next((key for key in only if key not in ("dataset", *FACTS, *corpus.FACTS)), None)
    if odd is not None:
        raise UserError("--only", f"no column '{odd}' of results", "", f"columns: dataset, {', '.join(FACTS)}")
    wanted = []
    for run, variant in zip(runs, variants([run.result for run in runs]), strict=True):
        method = run.result["method"] + (f" ({variant})" if variant else "")
        facts = {"model": one_line(run.result["model"]), "method": one_line(method)}
        known = {"dataset": run.result["task"], **facts}
        if all(known[key] in values for key, values in only.items() if key in known):
            wanted.append((run, facts))
    if runs and not wanted:
        chosen = ", ".join(f"{key}={'|'.join(sorted(values))}" for key, values in only.items())
        raise UserError("--only", f"no result of {chosen}", "values that the results have", "`zsbench ls` lists them")
    return wanted


def _metrics(run: FinishedRun, wanted: Sequence[str]) -> list[Metric]:
    """Return the metrics of a run that are asked for, or its first that is a mean over items."""
    known = list(run.result["metrics"])
    if not wanted:
        usual = (run.metric(name) for name in known)
        return [next((metric for metric in usual if _is_mean(run, metric)), run.metric(known[0]))]
    chosen = []
    for written in wanted:
        name = naming.named(written, known)
        if name is None:
            raise unknown_name("--metric", "metric", written, known, listed_by=f"here: {', '.join(known)}")
        chosen.append(run.metric(name))
    return chosen


def _is_mean(run: FinishedRun, metric: Metric) -> bool:
    return metric.as_mean is None and metric.values(run.statistics(metric)) is not None


def _by_concept(run: FinishedRun, metric: Metric, concepts: ImageConcepts | None, fewest: int) -> dict[str, float]:
    if not _is_mean(run, metric):
        found = f"'{metric.name}' of {run.result['task']} is no mean over items, so no number of one concept"
        raise UserError("--metric", found, "such as acc@1, or hit(query=text)@1")
    values = run.statistics(metric)[:, 0]
    if "gold" not in run.items:
        raise UserError(shown(run.folder / "items.parquet"), "no column 'gold'", "results of today's version")
    gold = [str(name) for name in run.items["gold"]]
    if run.result["task_type"] != RETRIEVAL:
        return _means(values, [[name] for name in gold], gold, 1)
    if concepts is None:
        found = f"{run.result['task']} is a retrieval, whose items have no concepts"
        raise UserError("--item-concepts", found, f"a file with them: {EXPECTED}")
    # An image stands under its own id, a caption says in `gold` which image it belongs to.
    images = [key if key in concepts else owner for key, owner in zip(map(str, run.items["id"]), gold, strict=True)]
    of_items = [concepts.get(image) for image in images]
    defined = ~np.isnan(values)
    lacking = [
        image for image, of_item, kept in zip(images, of_items, defined, strict=True) if of_item is None and kept
    ]
    if lacking:
        raise UserError(
            "--item-concepts", f"no concepts of image '{lacking[0]}' of {run.result['task']}", "every image"
        )
    return _means(values, [of_item or [] for of_item in of_items], images, fewest)


def _means(
    values: DoubleArray, of_items: Sequence[Sequence[str]], images: Sequence[str], fewest: int
) -> dict[str, float]:
    """Return the mean over the items that have a concept, by concept, where they are of at least `fewest` images.

    Undefined items (NaN) are left out.
    """
    of_concept: dict[str, list[float]] = {}
    seen: dict[str, set[str]] = {}
    for value, concepts, image in zip(values.tolist(), of_items, images, strict=True):
        for concept in () if math.isnan(value) else concepts:
            of_concept.setdefault(concept, []).append(value)
            seen.setdefault(concept, set()).add(image)
    return {name: sum(listed) / len(listed) for name, listed in of_concept.items() if len(seen[name]) >= fewest}
