"""Rankings as parquet, `id`, `found` (ids, best first) and `scores`, or as one matrix of all scores in `.npz`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.yamlio import shown
from zsbench.tasks.formats import prediction_tables
from zsbench.tasks.formats.format import Format


class Rankings(Format):
    """The best of each query's gallery, {id: score}."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)

    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[dict[str, float]]) -> None:
        """Write parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = {
            "id": [item.id for item in items],
            "found": [list(ranking) for ranking in predictions],
            "scores": pa.array([list(ranking.values()) for ranking in predictions], pa.list_(pa.float32())),
        }
        with files.replacing(path) as temporary:
            pq.write_table(pa.table(table), temporary)

    def read(self, path: Path, items: Sequence[Any]) -> dict[str, dict[str, float]]:
        """Read such a table, or the whole matrix (captions, images) from .npz.

        Raises
        ------
        UserError
            A query stands twice, or its ranking names an item twice.
        """
        if path.suffix == ".npz":
            return _from_matrix(path, items)
        rankings: dict[str, dict[str, float]] = {}
        for where, row in prediction_tables.read(path, ("id", "found", "scores")):
            key, ids, scores = str(row["id"]), row.get("found"), row.get("scores")
            if not isinstance(ids, list) or not isinstance(scores, list) or len(ids) != len(scores):
                raise UserError(where, "`found` and `scores` are no lists of one length", "an id and a score for each")
            if not all(isinstance(name, str) for name in ids) or not all(isinstance(s, int | float) for s in scores):
                raise UserError(where, "`found` or `scores` holds something else", "texts and numbers")
            if key in rankings:
                raise UserError(where, f"query '{key}' stands twice", "one row a query")
            ranking = dict(zip(ids, map(float, scores), strict=True))
            if len(ranking) < len(ids):
                repeated = next(name for name, n in Counter(ids).items() if n > 1)
                raise UserError(where, f"query '{key}' has '{repeated}' twice", "every item once")
            rankings[key] = ranking
        return rankings

    def check(self, item: Any, prediction: dict[str, float]) -> str:
        """Say whether a score is NaN, or there is none."""
        if not prediction:
            return f"query {item.id}: an empty ranking"
        return f"query {item.id}: a score is NaN" if np.isnan(list(prediction.values())).any() else ""

    def preview(self, prediction: dict[str, float]) -> str:
        """Return the first three ids."""
        return " ".join(list(prediction)[:3])


def _from_matrix(path: Path, items: Sequence[Any]) -> dict[str, dict[str, float]]:
    """Return every ranking of a matrix of scores (captions, images)."""
    texts, images = ([query.id for query in items if query.kind == kind] for kind in ("text", "image"))
    try:
        with np.load(path, allow_pickle=False) as archive:
            scores = archive["scores"]
    except Exception as error:  # numpy, zipfile and zlib share no exception type
        raise UserError(shown(path), f"not a score matrix ({error})", "`scores` (captions, images)") from None
    if scores.shape != (len(texts), len(images)):
        raise UserError(shown(path), f"scores {scores.shape}", f"({len(texts)}, {len(images)}): captions, images")

    def ranked(queries: list[str], gallery: list[str], rows: Any) -> dict[str, dict[str, float]]:
        return {key: dict(zip(gallery, map(float, row), strict=True)) for key, row in zip(queries, rows, strict=True)}

    return ranked(texts, images, scores) | ranked(images, texts, scores.T)
