"""`zsbench list`: names and one-line summaries, read from files without importing them."""

from __future__ import annotations

import textwrap
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._screen import columns, say

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
    width = max((len(entry.name) for _, entries in groups for entry in entries), default=0)
    room = columns()
    for group, entries in groups:
        if group and entries:
            say(group, bold=True)
        for entry in entries:
            head = f"  {entry.name:<{width}}  "
            say(textwrap.fill(entry.summary, room, initial_indent=head, subsequent_indent=" " * len(head)) or head)


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
        return [("sources (`source:` of data blocks)", [*catalog.components("data").values()])]
    kinds: tuple[catalog.ConfigKind, ...] = ("suites", "papers", "tasks", "models")
    groups = [(kind, [*catalog.configs(kind).values()]) for kind in kinds if what in ("configs", kind)]
    return [("", entries) for _, entries in groups] if len(groups) == 1 else [*groups]


def _by_family(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    listed = list(entries)
    families = sorted({entry.family for entry in listed})
    return [(family.replace("_", "-"), [entry for entry in listed if entry.family == family]) for family in families]
