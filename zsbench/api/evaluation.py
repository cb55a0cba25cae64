"""`zsbench.evaluate`: what `zsbench eval` does, for Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.api import _arguments
from zsbench.api.results import Results
from zsbench.core.errors import UserError, UserErrors

if TYPE_CHECKING:
    from zsbench.engine.suites import Watch

Name = str | Path | Mapping[str, Any]
"""A name, a YAML file, or what a suite's YAML could say in its place: `{"name": "icr", "calibrate": False}`."""


def evaluate(
    names: str | Path | Sequence[str | Path],
    *,
    models: Name | Sequence[Name] = (),
    methods: Name | Sequence[Name | Sequence[Name]] = (),
    out: str | Path = "runs",
    limit: int | None = None,
    seed: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    device: str | None = None,
    batch_size: int | str | None = None,
    dtype: str | None = None,
    threads: int | None = None,
    resamples: int | None = None,
    confidence: float | None = None,
    embedded: bool = False,
    offline: bool = False,
    fresh: bool = False,
    progress: bool | Callable[[str, int, int], None] = False,
    strict: bool = True,
) -> Results:
    """Evaluate models on tasks; the same call goes on where the last one stopped, and `zsbench eval` goes on from it.

    Parameters
    ----------
    names : suites, papers (`papers/NAME`), tasks, or YAML files.
    models, methods : these instead of the suite's: names, YAML files, `ADAPTER:MODEL`, `LABEL=NAME`, or mappings of
        what YAML would say; a sequence within the methods is a chain.
    out : the folder for results.
    limit : only so many items of each task, a seeded sample.
    seed : of samples and of resampling.
    overrides : what `--set` changes: `{"task.metrics": ["acc@1"], "method.k": 5}`.
    device, batch_size, dtype, threads : how models run.
    resamples, confidence : of the intervals.
    embedded : a paper's offline variant.
    offline : never ask a hub; this holds for the process from then on.
    fresh : compute everything again.
    progress : bars on stderr, or a function that is called with (run, items done, items in all).
    strict : raise when a run has failed, after the others are done; else `Results.errors` names those that have.

    Raises
    ------
    UserError
        Something is wrong with the input, all of it at once and before anything runs; or a run has failed.

    Examples
    --------
    >>> results = evaluate("glyphs", models="clip-glyphs", limit=50)  # doctest: +SKIP
    >>> results.frame()[["method", "metric", "value"]]  # doctest: +SKIP
    """
    if offline:
        from zsbench.core.offline import go_offline

        go_offline()
    from zsbench.engine import suites
    from zsbench.plan.choices import Choices

    settings: dict[str, Any] = {
        "limit": limit,
        "seed": seed,
        "device": device,
        "batch_size": batch_size,
        "dtype": dtype,
    }
    settings |= {"threads": threads, "resamples": resamples, "confidence": confidence}
    choices = Choices(
        models=_listed(models, "models"),
        methods=_listed(methods, "methods"),
        settings={key: _arguments.plain_number(value) for key, value in settings.items() if value is not None},
        assignments=_assignments(overrides or {}),
        embedded=embedded,
    )
    with _arguments.named_as_in_python():
        plans = suites.plans([str(name) for name in _listed(names, "names", needed=True)], choices)
    with _watching(progress, sum(len(plan.jobs) for plan in plans)) as watch:
        done = suites.run(plans, Path(out), fresh=fresh, watch=watch)
    from zsbench.report import failures

    outcomes = [outcome for suite in done for outcome in suite.outcomes]
    for outcome in outcomes:
        if outcome.error is not None:
            _arguments.in_python(outcome.error)
    errors = failures.distinct(outcomes) if strict else []
    if errors:
        raise UserErrors(errors) if len(errors) > 1 else errors[0]
    return Results(
        [run for suite in done for run in suite.runs()],
        published={suite.plan.name: suite.plan.expected for suite in done},
        errors={outcome.job.title: outcome.error for outcome in outcomes if outcome.error is not None},
    )


def _listed(value: Any, key: str, *, needed: bool = False) -> tuple[Any, ...]:
    """Return one name or several as a tuple, paths as texts.

    Raises
    ------
    UserError
        Something that names nothing, or nothing where something is needed.
    """
    entries = [value] if isinstance(value, str | Path | Mapping) else value
    if not isinstance(entries, Sequence) or (needed and not entries):
        raise UserError(f"evaluate({key}=...)", f"{entries!r}"[:80], "a name, or a list of names")
    return tuple(_plain(entry, key, inside=key == "methods") for entry in entries)


def _plain(entry: Any, key: str, *, inside: bool) -> Any:
    if isinstance(entry, str | Path):
        return str(entry)
    if isinstance(entry, Mapping) and key != "names":
        return dict(entry)
    if inside and isinstance(entry, Sequence) and entry:
        return [_plain(link, key, inside=False) for link in entry]
    raise UserError(f"evaluate({key}=...)", f"{entry!r}"[:80], "a name, a path or a mapping")


def _assignments(overrides: Mapping[str, Any]) -> tuple[str, ...]:
    """Return all of them as `--set` takes them.

    Raises
    ------
    UserError
        They are no mapping of names.
    """
    if not isinstance(overrides, Mapping) or not all(isinstance(key, str) for key in overrides):
        raise UserError("evaluate(overrides=...)", f"{overrides!r}"[:80], "a mapping, such as {'method.k': 5}")
    return tuple(_assignment(key, value) for key, value in overrides.items())


def _assignment(key: str, value: Any) -> str:
    """Return what `--set` would be given; JSON is YAML, too."""
    try:
        written = json.dumps(value, ensure_ascii=False, default=_as_yaml)
    except TypeError:
        raise UserError(f"evaluate(overrides['{key}'])", f"{value!r}"[:80], "what YAML can say") from None
    return f"{key}={written}"


def _as_yaml(value: Any) -> Any:
    """Return what JSON has no word for: a path as a text, numpy's numbers and arrays as numbers and lists."""
    if isinstance(value, Path):
        return str(value)
    plain = value.tolist() if hasattr(value, "tolist") else _arguments.plain_number(value)
    if plain is value:
        raise TypeError
    return plain


def _watching(progress: bool | Callable[[str, int, int], None], n_jobs: int) -> AbstractContextManager[Watch]:
    """Return the context in which runs are watched."""
    from zsbench.engine.suites import Watch

    if callable(progress):
        return nullcontext(Watch(items=progress))
    if not progress:
        return nullcontext(Watch())
    from zsbench.report.console import safe_console
    from zsbench.report.progress import bars

    return bars(n_jobs, safe_console(error=True))
