"""Issues with candidate functions, as JSONL: `{"id", "query", "candidates": [{"id", "text"}], "gold": [ids]}`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.collections.collection import add_unique
from zsbench.data.collections.documents import Document
from zsbench.data.collections.issues import Issue, Issues, changed, gather


@source(gives="issues")
def issue_functions(*, path: LocalPath, cluster: Text | None = None) -> Issues:
    """Read issues; the ids of functions are `path/to/file.py/[Class/]function`.

    A line may have `gold_files`, where a fix touches files beyond those of its functions.

    Parameters
    ----------
    path : the JSONL file, plain or .gz.
    cluster : key that names an issue's repository, by default `cluster` where there is one, for intervals that speak of
        further repositories; without it they speak of further issues of these.

    Raises
    ------
    UserError
        A key is missing or of another type, a candidate stands twice; with file and line.
    """
    named: list[tuple[str, dict[str, Any]]] = []
    issues = _issues(Path(path), cluster, named)
    return gather(issues, shown(Path(path)), lambda: clusters.of_rows(named, cluster))


def _issues(path: Path, cluster: str | None, named: list[tuple[str, dict[str, Any]]]) -> Iterator[Issue]:
    """Yield the issues of a file; what names a row's cluster is added to `named`."""
    for number, row in jsonfiles.lines(path, {"id": str, "query": str, "candidates": list, "gold": list}):
        where = f"{shown(path)}:{number}"
        functions: dict[str, Document] = {}
        for candidate in row["candidates"]:
            match candidate:
                case {"id": str(name), "text": str(text)}:
                    add_unique(functions, name, Document(name, text), where=where, kind="candidate")
                case _:
                    raise UserError(where, f"candidate {str(candidate)[:60]}", '{"id": text, "text": text}')
        for key in ("gold", "gold_files"):
            names = row.get(key) or []
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise UserError(where, f"key '{key}' is {row[key]!r}", "a list of texts")
        named.append((where, clusters.named(row, cluster)))
        yield Issue(row["id"], row["query"], functions, changed(row["gold"], row.get("gold_files")))
