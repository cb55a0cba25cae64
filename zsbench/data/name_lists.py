"""Files that list names: one a line, a JSON list, or a table with the columns `id` and `name`."""

from __future__ import annotations

from pathlib import Path

from zsbench.core import jsonfiles, tablefiles
from zsbench.core.errors import UserError, shown

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_EXPECTED = "one name a line, a JSON list of texts, or CSV with the columns id and name"


def read(path: Path) -> list[str]:
    """Return the names of a file in its order, those of a table with ids in the order of the ids.

    Raises
    ------
    UserError
        A table without a column `name`, or whose ids are not the whole numbers from 0 or 1 on, each once; what
        `jsonfiles.texts` refuses.
    """
    delimiter = next((_DELIMITERS[suffix] for suffix in path.suffixes if suffix in _DELIMITERS), None)
    if delimiter is not None:
        number, header = next(tablefiles.cells(path, delimiter), (1, []))
        if "name" in header:
            return _by_id(path)
        if len(header) > 1:
            raise UserError(f"{shown(path)}:{number}", f"columns {', '.join(header)}", _EXPECTED)
    return jsonfiles.texts(path, _EXPECTED)


def _by_id(path: Path) -> list[str]:
    rows = tablefiles.read(path, ["name"], optional=["id"])
    empty = next((row for row in rows if not row["name"]), None)
    if empty is not None:
        raise UserError(empty.place, "no name", "a name in every row")
    if "id" not in rows[0]:
        return [row["name"] for row in rows]
    by_id = {row["id"]: row["name"] for row in rows}
    first = 0 if "0" in by_id else 1
    order = [str(number) for number in range(first, first + len(rows))]
    strange = next((row for row in rows if row["id"] not in set(order)), None)
    if strange is not None or len(by_id) < len(rows):
        where, found = (strange.place, f"id {strange['id']!r}") if strange else (shown(path), "an id that stands twice")
        raise UserError(where, found, f"ids {order[0]} to {order[-1]}, each once")
    return [by_id[number] for number in order]
