"""A TREC run by columns: blocks of plain lines at once, where reading line by line takes minutes for a large run.

Whatever is odd about any line leaves the whole file to `judgements.read_run`, which takes it or names the line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.core import textfiles
from zsbench.core.lazy import NDArray, np
from zsbench.metrics.rankings.scored import Scored

# Bytes that part no columns here, though they are blanks or marks to the reader of lines.
_ODD = {" ": (b"\t", b"\r", b"\v", b"\f", b"\xef\xbb\xbf"), "\t": (b" ", b"\r", b"\v", b"\f", b"\xef\xbb\xbf")}
_NAMES = ["query", "zero", "document", "rank", "score", "tag"]


def read_columns(path: Path) -> dict[str, Scored] | None:
    """Return {query: ranking} in the order of the file, or None when a line is not plain or there is none.

    A plain line has columns parted by one blank (or by one tab, with no blank in it), no empty id, and finite numbers
    as rank and score; no query names a document twice.
    """
    import pyarrow as pa

    delimiter, width = "", 0
    tables: list[Any] = []
    for _, raw in textfiles.raw_blocks(path):
        if not tables:
            delimiter, width = _layout(raw)
        table = _table(raw, delimiter, width)
        if table is None:
            return None
        tables.append(table)
    if not tables:
        return None
    run = _by_query(pa.concat_tables(tables).unify_dictionaries().combine_chunks())
    return run if all(len(set(ranking)) == len(ranking) for ranking in run.values()) else None


def _layout(raw: bytes) -> tuple[str, int]:
    """Return what parts the columns of the first line, and their number."""
    line = raw.lstrip(b"\r\n").partition(b"\n")[0]
    delimiter = "\t" if line.count(b"\t") in (4, 5) else " "
    return delimiter, line.count(delimiter.encode()) + 1


def _table(raw: bytes, delimiter: str, width: int) -> Any:
    """Return query, document and score of the lines in a block, or None."""
    import pyarrow as pa
    from pyarrow import csv

    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n")
    if width not in (5, 6) or any(odd in raw for odd in _ODD[delimiter]):
        return None
    few = pa.dictionary(pa.int32(), pa.string())
    types = {"query": few, "zero": few, "document": pa.string(), "rank": pa.float64(), "score": pa.float64()}
    try:
        raw.decode()  # columns that are not read may be damaged, too
        table = csv.read_csv(
            pa.py_buffer(raw),
            csv.ReadOptions(column_names=_NAMES[:width], block_size=len(raw) + 1, use_threads=False),
            csv.ParseOptions(delimiter=delimiter, quote_char=False),
            csv.ConvertOptions(include_columns=list(types), column_types=types, null_values=[]),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    finite = all(np.isfinite(_buffer(table[name], np.float64)).all() for name in ("rank", "score"))
    empty = (np.diff(_buffer(table["document"], np.int32)) == 0).any() or any(
        "" in table[name].chunk(0).dictionary.to_pylist() for name in ("query", "zero")
    )
    return table.select(["query", "document", "score"]) if finite and not empty else None


def _buffer(column: Any, dtype: Any) -> NDArray[Any]:
    """Return the numbers of a column in one piece, or where its texts start and end.

    Through `to_numpy` and `compute` pyarrow would import pandas and write functions, which takes longer than reading.
    """
    return np.frombuffer(column.chunk(0).buffers()[1], dtype)[: len(column) + (dtype is np.int32)]


def _by_query(table: Any) -> dict[str, Scored]:
    """Return the rankings of a table in one piece."""
    queries, documents = table["query"].chunk(0), table["document"].chunk(0)
    codes, scores = np.frombuffer(queries.indices.buffers()[1], np.int32), _buffer(table["score"], np.float64)
    if (codes[1:] < codes[:-1]).any():
        order = np.argsort(codes, kind="stable")  # a query in several places of the file
        codes, documents, scores = codes[order], documents.take(order), scores[order]
    names = queries.dictionary.to_pylist()
    ends = np.cumsum(np.bincount(codes, minlength=len(names))).tolist()
    starts = [0, *ends[:-1]]
    return {
        name: Scored(documents.slice(start, end - start), scores[start:end])
        for name, start, end in zip(names, starts, ends, strict=True)
    }
