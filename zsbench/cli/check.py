"""`zsbench check`: is anything worse than the baseline that is kept in git? And, on demand, a new baseline."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._grids import Format, print_grids
from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import say
from zsbench.core.errors import EXIT_CHECK_FAILED, UserError

if TYPE_CHECKING:
    from zsbench.analysis.gate.checking import Checked
    from zsbench.analysis.gate.results import Suite
    from zsbench.analysis.gate.rules import Rule
    from zsbench.analysis.gate.update import Change
    from zsbench.analysis.gate.verdict import Verdict


class Mode(str, Enum):
    """When a metric that is worse fails."""

    tolerance = "tolerance"
    noise = "noise"
    either = "either"
    both = "both"


def check(
    results: Annotated[list[Path], typer.Argument(help="Folders with results, as `zsbench eval --out` wrote them.")],
    baseline: Annotated[Path, typer.Option(help="A baseline, or a folder with one a suite.")],
    mode: Annotated[
        Mode, typer.Option(help="What fails: a loss beyond the tolerance, beyond noise, either, or surely beyond both.")
    ] = Mode.either,
    tolerance: Annotated[
        str | None,
        typer.Option(
            help="Loss allowed, in the metric's unit (0.5: half a percent point), or a YAML with one a metric."
        ),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Make these results the baseline; say what changes.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(help="Write the verdicts into this file as JUnit's XML.", callback=file_to_write)
    ] = None,
    github: Annotated[bool, typer.Option("--github", help="Print GitHub's annotations for what fails.")] = False,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to print the table.")] = Format.rich,
    resamples: Annotated[int, typer.Option(min=100, max=10_000_000, help="Resamples of the bootstrap.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of resamples.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Compare results with a baseline, item by item: exit 1 when a metric is worse, missing, new or not comparable."""
    from zsbench.analysis.gate.results import suites

    _refuse(update=update, tolerance=tolerance, mode=mode, junit=junit, github=github)
    if junit is not None:
        from zsbench.core import files

        files.require_place(junit)
    known = list(suites(results).values())
    if update:
        _update(baseline, known, format, json=json)
        return
    checked, rule = _checked(baseline, known, mode, tolerance, resamples, seed)
    verdicts = [verdict for of_suite in checked for verdict in of_suite.verdicts]
    passed = bool(verdicts) and all(verdict.passes for verdict in verdicts)
    if junit is not None:
        _write_junit(junit, verdicts)
    if json:
        _print_json({"passed": passed, "mode": rule.mode}, verdicts)
    else:
        _print(checked, verdicts, format, rule, passed=passed)
    if github:
        from zsbench.analysis.gate.github import as_annotations

        for line in as_annotations(verdicts):
            say(line, error=json)  # GitHub reads both streams; JSON stays alone on its own
    if not passed:
        raise typer.Exit(EXIT_CHECK_FAILED)


def _refuse(*, update: bool, tolerance: str | None, mode: Mode, junit: Path | None, github: bool) -> None:
    """Refuse options that would have no effect, so that nobody believes in a gate that is none.

    Raises
    ------
    UserError
        There are such.
    """
    if update:
        for name, given in (
            ("--tolerance", tolerance is not None),
            ("--junit", junit is not None),
            ("--github", github),
        ):
            if given:
                raise UserError(name, "has no effect on --update", "a check without --update")
    elif mode is Mode.tolerance and tolerance is None:
        raise UserError("--mode tolerance", "no --tolerance", "a number in the metric's unit, or a YAML file")
    elif mode is Mode.noise and tolerance is not None:
        raise UserError("--tolerance", "has no effect on --mode noise", "--mode tolerance, either or both")


def _checked(
    place: Path, known: list[Suite], mode: Mode, tolerance: str | None, resamples: int, seed: int
) -> tuple[list[Checked], Rule]:
    """Return every suite beside its baseline; baselines without results are missing as a whole."""
    from zsbench.analysis.gate import baseline, checking, places
    from zsbench.analysis.gate.rules import Rule, tolerances

    files = places.files_of(place, known)
    alone = places.without_results(place, files.values())
    kept = {path: baseline.read(path) for path in [*files.values(), *alone] if path.is_file()}
    places.require_own_suites({name: kept[path] for name, path in files.items() if path in kept}, files)
    for path in alone:
        places.require_named_by_suite(path, kept[path])
    pairs = [(suite, files[suite.name], kept.get(files[suite.name])) for suite in known]
    metrics = [pair for suite, _, old in pairs for pair in checking.distinct_metrics(old, suite)]
    rule = Rule(mode.value, tolerances(tolerance, metrics))
    rule.require_complete(metrics)
    checked = [
        checking.check(old, path, suite, rule, resamples=resamples, seed=seed)
        if old is not None
        else checking.without_baseline(suite, path)
        for suite, path, old in pairs
    ]
    return [*checked, *(checking.without_results(kept[path]) for path in alone)], rule


def _update(place: Path, known: list[Suite], format: Format, *, json: bool) -> None:
    """Write the baselines of all suites, once all of them can be made."""
    from zsbench.analysis.gate import baseline, grids, places, update
    from zsbench.core.words import number_of

    files = places.files_of(place, known, writing=True)
    before = {name: baseline.read(path) for name, path in files.items() if path.is_file()}
    places.require_own_suites(before, files)
    made = {suite.name: update.baseline_of(suite) for suite in known}
    changes = [change for name, new in made.items() for change in update.changes(before.get(name), new)]
    for name, new in made.items():
        if before.get(name) != new:
            baseline.write(new, files[name])
    if json:
        _print_json({"baselines": [str(path) for path in files.values()]}, changes)
        return
    empty = [f"left out, without a value: {text}" for suite in known for text in update.without_value(suite)]
    if changes:
        print_grids([grids.of_changes(changes, empty)], format)
    for name, path in files.items():
        what = "written" if name not in before else "changed" if before[name] != made[name] else "as it was"
        say(f"{path}: {what}, {number_of(len(made[name].runs), 'run')}", error=format is not Format.rich)


def _print(checked: list[Checked], verdicts: list[Verdict], format: Format, rule: Rule, *, passed: bool) -> None:
    from zsbench.analysis.gate import grids

    notes = list(dict.fromkeys(note for of_suite in checked for note in of_suite.notes))
    grid = grids.of_verdicts(verdicts, notes)
    if grid.rows or format is not Format.rich:
        print_grids([grid], format)
    else:
        for note in notes:
            say(note)
    if (grid.rows or notes) and format is Format.rich:
        say()
    say(f"{'passed' if passed else 'FAILED'}: {grids.counted(verdicts)} ({rule})", error=format is not Format.rich)


def _write_junit(path: Path, verdicts: list[Verdict]) -> None:
    from zsbench.analysis.gate.junit import junit
    from zsbench.core import files

    files.write_bytes(path, junit(verdicts))


def _print_json(head: dict[str, Any], rows: list[Verdict] | list[Change]) -> None:
    import json
    from dataclasses import asdict

    listed = [asdict(row) for row in rows]
    say(json.dumps({"schema_version": 1, **head, "rows": listed}, indent=2, ensure_ascii=False), data=True)
