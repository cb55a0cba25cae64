"""Scores of products and candidate values: parquet with `id` and `scores`, or a saved score matrix (.npz)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.yamlio import shown
from zsbench.data.products.score_matrix import Scores, read_scores
from zsbench.tasks.formats import class_tables, list_columns
from zsbench.tasks.formats.format import Format


@dataclass
class ValueScores(Format):
    """Writes and reads a row of scores a product, at double precision: a threshold parts what rounding would join.

    Attributes
    ----------
    values : the candidates that scores stand for, in order.
    left_out : ids of products that the data hold and nothing is scored over; a file may have scores of them.
    """

    values: list[str] = field(default_factory=list)
    left_out: frozenset[str] = frozenset()
    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".npz")

    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Write parquet with `id` and `scores`, which says what the candidates are."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {"id": [item.id for item in items], "scores": list_columns.of_float64(predictions)}
        table = pa.table(columns).replace_schema_metadata(class_tables.metadata(self.values, None))
        with files.replacing(path) as temporary:
            # Scores hardly ever repeat, so that a dictionary of them is only work.
            pq.write_table(table, temporary, use_dictionary=False)

    def read(self, path: Path, items: Sequence[Any] = ()) -> dict[str, Any]:
        """Read scores (n_values,) by product, in the order of the task's candidates, without products `left_out`.

        A file that does not name the values holds a number for each candidate, in order.

        Raises
        ------
        UserError
            No table, an id twice, cells that are no numbers, or scores of other values than the task's.
        """
        rows = self._matrix(path) if path.suffix == ".npz" else self._table(path)
        return {key: row for key, row in rows.items() if key not in self.left_out}

    def _matrix(self, path: Path) -> dict[str, Any]:
        return dict(read_scores(path)[0].by_product(self.values))

    def _table(self, path: Path) -> dict[str, Any]:
        table = class_tables.read(path, more=[".npz"])
        if table.labels:
            raise UserError(shown(path), "labels", "`scores`, a number for each candidate value")
        if table.class_names is None or table.class_names == self.values:
            return dict(zip(table.ids, table.cells, strict=True))
        named = Scores(shown(path), np.stack(table.cells), table.ids, table.class_names)
        return dict(named.by_product(self.values))

    def check(self, item: Any, prediction: Any) -> str:
        """Say whether a score is NaN, or there is not one for each candidate."""
        if np.shape(prediction) != (len(self.values),):
            found = f"{np.size(prediction)} scores, expected one for each of {len(self.values)} candidate values"
            return f"product {item.id}: {found}"
        bad = np.flatnonzero(np.isnan(prediction))
        return f"product {item.id}: the score of value '{self.values[bad[0]]}' is NaN" if len(bad) else ""

    def preview(self, prediction: Any) -> str:
        """Return the best value."""
        return self.values[int(np.argmax(prediction))] if self.values else str(int(np.argmax(prediction)))
