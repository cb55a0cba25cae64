"""Issues with candidate functions, one BEIR folder an instance (the layout of CodeRAG-Bench and CoRNStack)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import AnyText, LocalPath, Pattern, Text
from zsbench.core import textfiles
from zsbench.core.errors import UserError
from zsbench.core.listing import require_folder, subfolders
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.collections.beir import beir
from zsbench.data.collections.issues import Issue, Issues, changed, gather


def _files(options: dict[str, Any]) -> list[str]:
    folder, split = Path(options["path"]), options.get("split", "test")
    if not folder.exists():
        return [str(folder)]
    names = ("corpus.jsonl", "queries.jsonl", f"qrels/{split}.tsv")
    return [str(instance / name) for instance in _folders(folder, options.get("prefix", "")) for name in names]


def _folders(folder: Path, prefix: str) -> list[Path]:
    expected = "a folder with one BEIR folder an instance"
    instances = [path for path in subfolders(require_folder(folder, expected)) if path.name.startswith(prefix)]
    if not instances:
        raise UserError(shown(folder), f"no folders '{prefix}*'", "one BEIR folder an instance")
    return instances


@source(gives="issues", files=_files)
def issue_folders(
    *, path: LocalPath, prefix: AnyText = "", split: Text = "test", cluster: Pattern | None = None
) -> Issues:
    """Read every instance's corpus (functions), query (the issue) and judged functions (what the fix changes).

    Parameters
    ----------
    path : the folder of the folders.
    prefix : only folders whose names start so, e.g. `swe-bench-lite-function_`.
    split : name of the file in `qrels/`.
    cluster : a regular expression that finds the repository in a folder's name, for intervals that speak of further
        repositories; without it they speak of further issues of these.

    Raises
    ------
    UserError
        There is no such folder, a folder holds more than one issue, a file is missing or malformed.
    """
    folder = Path(path)
    instances = _folders(folder, prefix)
    repositories = clusters.of_paths([instance.name for instance in instances], cluster, shown(folder))
    return gather((_issue(instance, split) for instance in instances), shown(folder), lambda: repositories)


def _issue(folder: Path, split: str) -> Issue:
    judged = folder / "qrels" / f"{split}.tsv"
    rows = (line for number, line in textfiles.lines(judged) if line.strip() and not (number == 1 and "score" in line))
    if next(rows, None) is None:
        # A fix that only adds functions: nothing to find.
        return Issue(folder.name, "", {}, changed([]))
    collection = beir(path=str(folder), split=split)
    if len(collection.queries) != 1:
        raise UserError(shown(folder), f"{len(collection.queries)} judged queries", "one issue a folder")
    [(key, text)] = collection.queries.items()
    relevant = [function for function, grade in collection.qrels[key].items() if grade > 0]
    return Issue(key, text, dict(collection.documents), changed(relevant))
