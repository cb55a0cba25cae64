"""`zsbench list`: names and one-line summaries, read from files without importing them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._screen import entries_under, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zsbench.config.catalog import Entry


class What(str, Enum):
    """What can be listed."""

    tasks = "tasks"
    methods = "methods"
    sources = "sources"
    models = "models"
    metrics = "metrics"
    suites = "suites"
    configs = "configs"
    papers = "papers"


def list_names(
    what: Annotated[What, typer.Argument(help="What to list; configs are suites, papers, tasks and models.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what there is, a line each."""
    groups = _groups(what.value)
    if json:
        import json as encoder

        rows = [{"group": group, **_row(entry)} for group, entries in groups for entry in entries]
        say(encoder.dumps({"schema_version": 1, what.value: rows}, indent=2, ensure_ascii=False), data=True)
        return
    for group, entries in groups:
        if entries:
            entries_under(group, entries, width=max(len(entry.name) for _, listed in groups for entry in listed))


def _row(entry: Entry) -> dict[str, str]:
    return {"name": entry.name, "family": entry.family, "summary": entry.summary}


def _groups(what: str) -> list[tuple[str, list[Entry]]]:
    """Return (heading, entries) pairs."""
    from zsbench.config import catalog

    if what == "tasks":
        return [
            *_by_family(catalog.configs("tasks").values()),
            ("task types", [*catalog.components("tasks").values()]),
        ]
    if what == "methods":
        return _by_family(catalog.components("methods").values())
    if what == "models":
        configs, adapters = catalog.configs("models"), catalog.components("models")
        changes = catalog.components("modifiers")
        return [
            ("models", [*configs.values()]),
            ("adapters (ADAPTER:MODEL)", [*adapters.values()]),
            ("modifiers (`modify:` of a model)", [*changes.values()]),
        ]
    if what == "metrics":
        entries = catalog.metrics().values()
        return _by_family(entries)
    if what == "sources":
        return _by_family(catalog.components("data").values())
    kinds: tuple[catalog.ConfigKind, ...] = ("suites", "papers", "tasks", "models")
    groups = [(kind, [*catalog.configs(kind).values()]) for kind in kinds if what in ("configs", kind)]
    return [("", entries) for _, entries in groups] if len(groups) == 1 else [*groups]


def _by_family(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    listed = list(entries)
    families = sorted({entry.family for entry in listed})
    return [(family.replace("_", "-"), [entry for entry in listed if entry.family == family]) for family in families]
