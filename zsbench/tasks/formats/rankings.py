"""Rankings as parquet, `id`, `found` (ids, best first) and `scores`, or as one matrix of all scores in `.npz`."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.lazy import AnyFloatArray, np
from zsbench.core.yamlio import shown
from zsbench.tasks.formats import prediction_tables
from zsbench.tasks.formats.format import Format
from zsbench.tasks.formats.ranking_tables import Listed, Matrix, Ranking

_COLUMNS = ("id", "found", "scores")


class Rankings(Format):
    """The best of each query's gallery: ids and scores."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)

    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[Ranking]) -> None:
        """Write parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        names, scores, lengths = [], [], []
        for table, run in itertools.groupby(predictions, key=lambda ranking: ranking.table):
            assert isinstance(table, Listed)  # a matrix is only ever read
            part = table.take(np.asarray([ranking.row for ranking in run]))
            names.append(pa.array(part.ids, pa.string()).take(pa.array(part.numbers)))
            scores.append(part.scores.astype(np.float32))
            lengths.append(part.lengths)
        ends = pa.array(np.cumsum(np.concatenate([[0], *lengths])), pa.int32())
        columns = {
            "id": [item.id for item in items],
            "found": pa.ListArray.from_arrays(ends, pa.concat_arrays(names)),
            "scores": pa.ListArray.from_arrays(ends, np.concatenate(scores)),
        }
        with files.replacing(path) as temporary:
            pq.write_table(pa.table(columns), temporary)

    def read(self, path: Path, items: Sequence[Any]) -> dict[str, Ranking]:
        """Read such a table, or the whole matrix (captions, images) from .npz.

        Raises
        ------
        UserError
            A query stands twice, or its ranking names an item twice.
        """
        if path.suffix == ".npz":
            return _from_matrix(path, items)
        keys, table = (_columns(path) if path.suffix == ".parquet" else None) or _rows(path)
        return {key: Ranking(table, row) for row, key in enumerate(keys)}

    def check(self, item: Any, prediction: Ranking) -> str:
        """Say whether a score is NaN, or there is none."""
        problem = prediction.problem()
        return f"query {item.id}: {problem}" if problem else ""

    def preview(self, prediction: Ranking) -> str:
        """Return the first three ids."""
        return " ".join(prediction.head(3))


def _columns(path: Path) -> tuple[list[str], Listed] | None:
    """Return queries and rankings from the buffers of a sound parquet file; None where rows have to be looked at."""
    import pyarrow as pa

    table = prediction_tables.parquet(path, _COLUMNS)
    if set(_COLUMNS) - set(table.column_names):
        return None
    keys, found, scores = (table.column(name).combine_chunks() for name in _COLUMNS)
    lists = all(pa.types.is_list(column.type) or pa.types.is_large_list(column.type) for column in (found, scores))
    if not lists or found.null_count or scores.null_count or not _texts(keys) or keys.null_count:
        return None
    names, values, lengths = found.flatten(), scores.flatten(), found.value_lengths().to_numpy()
    number = values.type in (pa.float32(), pa.float64())
    if not number or not _texts(names) or names.null_count or values.null_count:
        return None
    if not np.array_equal(lengths, scores.value_lengths().to_numpy()):
        return None
    encoded = names.dictionary_encode()
    numbers = encoded.indices.to_numpy().astype(np.int64)
    # A query and an item as one number: a pair that stands twice is an item that stands twice.
    pairs = np.repeat(np.arange(len(lengths)) * len(encoded.dictionary), lengths) + numbers
    queries: list[str] = keys.to_pylist()
    if len(set(queries)) < len(queries) or not np.diff(np.sort(pairs)).all():
        return None
    return queries, Listed(encoded.dictionary.to_pylist(), numbers, values.to_numpy(), lengths.astype(np.int64))


def _texts(column: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _rows(path: Path) -> tuple[list[str], Listed]:
    """Return queries and rankings of any table, row by row, so that a wrong one can be named."""
    lengths: dict[str, int] = {}
    names: list[str] = []
    values: list[float] = []
    for where, row in prediction_tables.read(path, _COLUMNS, more=[".npz"]):
        key, ids, scores = str(row["id"]), row.get("found"), row.get("scores")
        if not isinstance(ids, list) or not isinstance(scores, list) or len(ids) != len(scores):
            raise UserError(where, "`found` and `scores` are no lists of one length", "an id and a score for each")
        if not all(isinstance(name, str) for name in ids) or not all(isinstance(s, int | float) for s in scores):
            raise UserError(where, "`found` or `scores` holds something else", "texts and numbers")
        if key in lengths:
            raise UserError(where, f"query '{key}' stands twice", "one row a query")
        if len(set(ids)) < len(ids):
            repeated = next(name for name, n in Counter(ids).items() if n > 1)
            raise UserError(where, f"query '{key}' has '{repeated}' twice", "every item once")
        lengths[key] = len(ids)
        names += ids
        values += map(float, scores)
    return list(lengths), Listed.of(names, values, list(lengths.values()))


def _from_matrix(path: Path, items: Sequence[Any]) -> dict[str, Ranking]:
    """Return every ranking of a matrix of scores (captions, images)."""
    texts, images = ([query.id for query in items if query.kind == kind] for kind in ("text", "image"))
    try:
        with np.load(path, allow_pickle=False) as archive:
            scores = _floating(archive["scores"])
    except Exception as error:  # numpy, zipfile and zlib share no exception type
        raise UserError(shown(path), f"not a score matrix ({error})", "`scores` (captions, images)") from None
    if scores.shape != (len(texts), len(images)):
        raise UserError(shown(path), f"scores {scores.shape}", f"({len(texts)}, {len(images)}): captions, images")
    rows, columns = Matrix(images, scores), Matrix(texts, scores.T)
    return {key: Ranking(rows, row) for row, key in enumerate(texts)} | {
        key: Ranking(columns, row) for row, key in enumerate(images)
    }


def _floating(scores: Any) -> AnyFloatArray:
    """Return numbers of any kind as those that numpy compares fast, without loss."""
    if scores.dtype.kind not in "fiub":
        raise ValueError(f"an array of {scores.dtype}")
    if scores.dtype == np.float16:
        return np.asarray(scores, dtype=np.float32)
    return np.asarray(scores, dtype=None if scores.dtype in (np.float32, np.float64) else np.float64)
