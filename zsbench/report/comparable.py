"""What may stand in one column: results of one task over the same data, judged by the same protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zsbench.core.errors import UserError
from zsbench.report.entries import Entry
from zsbench.results import protocols

Key = tuple[str, ...]


def require_comparable(columns: Mapping[Key, Iterable[Entry]]) -> None:
    """Refuse columns in which results of one task differ in protocol or data.

    Raises
    ------
    UserError
        The first such pair, with both runs and what differs.
    """
    for entries in columns.values():
        first: dict[str, Entry] = {}
        for entry in entries:
            if not entry.measured:
                continue
            other = first.setdefault(entry.row.task, entry)
            _require_alike(other, entry)


def _require_alike(first: Entry, second: Entry) -> None:
    data = first.row.data_fingerprint, second.row.data_fingerprint
    stated = first.row.protocol, second.row.protocol
    if stated[0] != stated[1] and task_protocol(first) != task_protocol(second):
        what = f"different protocols: '{stated[0]}' and '{stated[1]}'"
    elif data[0] != data[1] and all(data):
        what = f"different data (fingerprints {data[0][:8]} and {data[1][:8]}{_samples(first, second)})"
    else:
        return
    runs = " and ".join(f"{entry.title} ({place(entry)})" for entry in (first, second))
    hint = "keep one of them with --where, or put what tells them apart (suite, seed) in --cols"
    raise UserError("", f"one column, {first.row.task}: {runs} have {what}", "one protocol over the same data", hint)


def place(entry: Entry) -> str:
    """Return where a run lies, as its suite and the name of its folder."""
    return f"{entry.suite}/{entry.row.task}/{entry.row.model}/{entry.run.folder.name}"


def task_protocol(entry: Entry) -> str:
    """Return the part of a protocol that the task states; the settings that methods state tell methods apart."""
    return protocols.of_task(entry.row.protocol, entry.run.result.get("config", {}).get("method"))


def _samples(first: Entry, second: Entry) -> str:
    settings = [entry.run.result.get("config", {}).get("settings", {}) for entry in (first, second)]
    limits = [setting.get("limit") if isinstance(setting, dict) else None for setting in settings]
    return f"; limit {limits[0] or 'none'} and {limits[1] or 'none'}" if limits[0] != limits[1] else ""
