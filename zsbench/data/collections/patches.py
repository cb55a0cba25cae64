"""The files that patches touch, from a table of them as SWE-bench publishes it.

A patch is a unified diff, of one file after another:

    --- a/path/before
    +++ b/path/after
    @@ -first,lines +first,lines @@
     so many lines of before and after

Source: Jimenez et al. 2024 (SWE-bench), arXiv:2310.06770; github.com/gangiswag/cornstack, `eval_localization.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

from zsbench.core import tablefiles
from zsbench.core.errors import UserError
from zsbench.data.collections.collection import add_unique

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_NOWHERE = "/dev/null"


def files_of_patches(path: Path) -> dict[str, frozenset[str]]:
    """Return the files that the patch of each instance touches, those that were there before it.

    Parameters
    ----------
    path : parquet, JSONL, CSV or TSV with columns `instance_id` and `patch`.

    Raises
    ------
    UserError
        A column is missing, an instance stands twice, a patch is no unified diff or ends too early; with its row.
    """
    files: dict[str, frozenset[str]] = {}
    # Blanks at the ends of a patch are lines of it.
    for row in tablefiles.read(path, ("instance_id", "patch"), raw=("patch",)):
        key, patch = str(row["instance_id"]), row["patch"]
        if not isinstance(patch, str):
            raise UserError(row.place, f"the patch of '{key}' is {type(patch).__name__}", "a text")
        add_unique(files, key, touched(patch, f"{row.place}: patch of '{key}'"), where=row.place, kind="instance")
    return files


def touched(patch: str, where: str = "") -> frozenset[str]:
    """Return the files of a unified diff under the names they had before; files that it adds have none.

    Raises
    ------
    UserError
        The text names no file, or a hunk has fewer lines than its head says.
    """
    sources, named = set(), False
    # Lines that the hunk still holds, of the text before and of the text after.
    before = after = 0
    for line in patch.split("\n"):
        if before > 0 or after > 0:
            before -= not line.startswith(("+", "\\"))
            after -= not line.startswith(("-", "\\"))
        elif match := _HUNK.match(line):
            before, after = (1 if n is None else int(n) for n in match.groups())
        elif line.startswith("--- "):
            name, named = line[4:].split("\t")[0].rstrip(), True
            sources |= {name.removeprefix("a/")} - {_NOWHERE}
    if before > 0 or after > 0:
        raise UserError(where, "a hunk with fewer lines than its head says", "a whole patch")
    if not named:
        raise UserError(where, "no file is named", "a unified diff, with lines `--- a/path`")
    return frozenset(sources)
