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
from zsbench.data.collections.patches import files_of_patches


def _files(options: dict[str, Any]) -> list[str]:
    folder, split = Path(options["path"]), options.get("split", "test")
    if not folder.exists():
        return [str(folder)]
    names = ("corpus.jsonl", "queries.jsonl", f"qrels/{split}.tsv")
    patches = [str(options["patches"])] if options.get("patches") else []
    return patches + [
        str(instance / name) for instance in _folders(folder, options.get("prefix", "")) for name in names
    ]


def _folders(folder: Path, prefix: str) -> list[Path]:
    expected = "a folder with one BEIR folder an instance"
    instances = [path for path in subfolders(require_folder(folder, expected)) if path.name.startswith(prefix)]
    if not instances:
        raise UserError(shown(folder), f"no folders '{prefix}*'", "one BEIR folder an instance")
    return instances


@source(gives="issues", files=_files)
def issue_folders(
    *,
    path: LocalPath,
    patches: LocalPath | None = None,
    prefix: AnyText = "",
    split: Text = "test",
    cluster: Pattern | None = None,
) -> Issues:
    """Read every instance's corpus (functions), query (the issue) and judged functions (what the fix changes).

    Parameters
    ----------
    path : the folder of the folders.
    patches : table with columns `instance_id` and `patch` (SWE-bench's parquet, or JSONL): the files that a fix
        touches, also outside of functions. Without it they are the files of the judged functions, which is too few
        where a fix changes more.
    prefix : only folders whose names start so, e.g. `swe-bench-lite-function_`.
    split : name of the file in `qrels/`.
    cluster : a regular expression that finds the repository in a folder's name, for intervals that speak of further
        repositories; without it they speak of further issues of these.

    Raises
    ------
    UserError
        There is no such folder, a folder holds more than one issue, a file is missing or malformed, an issue has no
        patch.
    """
    folder = Path(path)
    instances = _folders(folder, prefix)
    repositories = clusters.of_paths([instance.name for instance in instances], cluster, shown(folder))
    touched = None if patches is None else files_of_patches(Path(patches))
    issues = (_issue(instance, split, touched, str(patches)) for instance in instances)
    return gather(issues, shown(folder), lambda: repositories)


def _issue(folder: Path, split: str, touched: dict[str, frozenset[str]] | None, patches: str) -> Issue:
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
    if touched is not None and key not in touched:
        raise UserError(shown(Path(patches)), f"no patch of '{key}'", "one for every issue that is judged")
    files = None if touched is None else touched[key]
    return Issue(key, text, dict(collection.documents), changed(relevant, files))
