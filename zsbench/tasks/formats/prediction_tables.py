"""Tables of predictions as rows: parquet, CSV, TSV or JSONL, known by their suffix.

`zsbench eval` writes parquet; whoever has predictions of his own writes what he can. A list in a cell of a CSV is a
JSON list (`[0.1, 0.9]`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.core import jsonfiles, tablefiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 8192
SUFFIXES = (".parquet", ".csv", ".tsv", ".jsonl")


def read(path: Path, columns: Sequence[str], *, more: Sequence[str] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place for messages, row) of a table; a column that the table lacks is absent from its rows.

    Parameters
    ----------
    path : the table.
    columns : those that matter; others are not read.
    more : suffixes of files that the caller reads otherwise, for messages.

    Raises
    ------
    UserError
        Another suffix, a damaged file, no column `id`, or a cell that opens a list and is none.
    """
    if path.suffix == ".parquet":
        yield from rows(parquet(path, columns), path)
    elif path.suffix == ".jsonl":
        for number, row in jsonfiles.lines(path, {}, finite=True):
            yield f"{shown(path)}:{number}", {key: row[key] for key in columns if key in row}
    elif path.suffix in (".csv", ".tsv"):
        for row in tablefiles.read(path, ["id"], optional=columns):
            yield row.place, {key: _cell(row[key], row.place, key) for key in columns if key in row}
    else:
        raise UserError(shown(path), f"suffix '{path.suffix}'", f"predictions ({', '.join([*SUFFIXES, *more])})")


def parquet(path: Path, columns: Sequence[str]) -> pa.Table:
    """Return those of some columns that a parquet file has, and the file's metadata.

    Raises
    ------
    UserError
        A damaged file, or no column `id`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if "id" not in names:
                raise UserError(shown(path), f"columns {', '.join(names)}", f"among them {', '.join(columns)}")
            kept = [name for name in names if name in columns]
            schema = pa.schema([file.schema_arrow.field(name) for name in kept], file.schema_arrow.metadata)
            # By batches, which for lists of numbers takes a third of the time and half of the memory of one read.
            return pa.Table.from_batches(list(file.iter_batches(_ROWS, columns=kept)), schema)
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise UserError(shown(path), f"not a predictions file ({reason})", "parquet") from None


def rows(table: pa.Table, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place for messages, row) of what `parquet` has read."""
    values = [column.to_pylist() for column in table.columns]
    for number, row in enumerate(zip(*values, strict=True)):
        yield f"{shown(path)}: row {number}", dict(zip(table.column_names, row, strict=True))


def _cell(text: str, where: str, column: str) -> Any:
    if not text.startswith("["):
        return text
    return jsonfiles.parse(text, where, "a list like [0.1, 0.9]", wrong=f"column '{column}' is '{text[:40]}', no JSON")
