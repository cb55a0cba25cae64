"""`zsbench show rerank`: a family's task types, tasks, rules, metrics, sources and models, read from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zsbench.cli._screen import entries_under, say
from zsbench.config import catalog
from zsbench.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zsbench.config.catalog import ComponentKind, Entry


def families() -> set[str]:
    """Return the words that task types and methods share."""
    kinds: tuple[ComponentKind, ...] = ("methods", "tasks")
    return {entry.family for kind in kinds for entry in catalog.components(kind).values()} - {""}


def show(family: str) -> None:
    """Print what belongs to a family, a line each."""
    for heading, entries in _groups(family).items():
        if entries:
            entries_under(f"{family}: {heading}", entries)


def _sound(kind: ComponentKind, entries: Iterable[Entry]) -> list[Entry]:
    """Return the components that can be imported; a broken one of others is named and hides nothing else."""
    sound = []
    for entry in entries:
        try:
            catalog.load_module(kind, entry.name) if kind == "tasks" else catalog.load_component(kind, entry.name)
            sound.append(entry)
        except UserError as error:
            say(f"left out: {error}", error=True)
    return sound


def _groups(family: str) -> dict[str, list[Entry]]:
    types = [e for e in _sound("tasks", catalog.components("tasks").values()) if _task(e).family == family]
    methods = _sound("methods", (e for e in catalog.components("methods").values() if e.family == family))
    needs = {need for entry in methods for need in _facts("methods", entry).needs}
    gives = {_task(entry).gives for entry in types}
    kinds = tuple(sorted({kind for entry in types for kind in _task(entry).metric_kinds}))
    sources = _sound("data", catalog.components("data").values())
    adapters = _sound("models", catalog.components("models").values())
    return {
        "task types": types,
        "tasks": [entry for entry in catalog.configs("tasks").values() if entry.family.partition("/")[0] == family],
        "methods": methods,
        "metrics": list(catalog.metrics(kinds).values()),
        "sources": [entry for entry in sources if _facts("data", entry).gives in gives],
        "adapters (ADAPTER:MODEL)": [entry for entry in adapters if needs & {*_facts("models", entry).offers}],
    }


def _task(entry: Entry) -> Any:
    return catalog.load(entry).Task


def _facts(kind: ComponentKind, entry: Entry) -> Any:
    return catalog.load_component(kind, entry.name).facts  # type: ignore[attr-defined]
