"""Predictions over classes: a table of scores, one number a class, or of labels.

A file may name the classes that its scores stand for, so that a task that lists the same classes in another order reads
the right columns, and say what its scores are, which metrics of certainty need to know (`class_tables`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.lazy import NDArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.yamlio import shown
from zsbench.data.class_names import plain
from zsbench.data.label_columns import check_range, read_labels
from zsbench.tasks.formats import class_tables, list_columns
from zsbench.tasks.formats.class_tables import ClassTable
from zsbench.tasks.formats.format import Format


@dataclass
class ClassScores(Format):
    """Writes and reads the predictions of one task, and knows what their scores are.

    Attributes
    ----------
    class_names : the classes that scores stand for, in order.
    kind : what the scores are, once a rule or a file has said it.
    noun : what messages call an item.
    first : the number of the first class in previews.
    """

    class_names: list[str] = field(default_factory=list)
    kind: ScoreKind | None = None
    noun: str = "image"
    first: int = 0
    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)

    def write(self, path: Path, items: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Write parquet with `id` and `scores` or, for predictions that are numbers, `label`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns: dict[str, Any] = {"id": [item.id for item in items]}
        if np.ndim(predictions[0]):
            columns["scores"] = list_columns.of_float32(predictions)
        else:
            columns["label"] = pa.array([int(label) for label in predictions], pa.int64())
        table = pa.table(columns).replace_schema_metadata(class_tables.metadata(self.class_names, self.kind))
        with files.replacing(path) as temporary:
            # Scores hardly ever repeat, so that a dictionary of them is only work.
            pq.write_table(table, temporary, use_dictionary=False)

    def read(self, path: Path, items: Sequence[Any] = ()) -> dict[str, Any]:
        """Read a table of predictions by id: scores (n_classes,), or the number of a class.

        Labels are 0-based numbers or names of classes.

        Raises
        ------
        UserError
            No table, without these columns, an id twice, cells that are no numbers or no classes, or scores of other
            classes than the task's.
        """
        table = class_tables.read(path)
        for kind in table.kinds:
            self._adopt(kind, shown(path))
        order = None if table.class_names is None else self._order(table.class_names, shown(path))
        if table.labels:
            return self._numbered(table, order, shown(path))
        if order is None:
            return dict(zip(table.ids, table.cells, strict=True))
        rows = (row[order] if len(row) == len(order) else row for row in table.cells)
        return dict(zip(table.ids, rows, strict=True))

    def check(self, item: Any, prediction: Any) -> str:
        """Say whether a score is NaN, or there is not one for each class."""
        n = len(self.class_names)
        if np.ndim(prediction) and len(prediction) != n:
            return f"{self.noun} {item.id}: {len(prediction)} scores, expected one for each of {n} classes"
        return f"{self.noun} {item.id}: a score is NaN" if np.isnan(prediction).any() else ""

    def preview(self, prediction: Any) -> str:
        """Return the number of the best class."""
        return str(self.first + best(prediction))

    def _numbered(self, table: ClassTable, order: list[int] | None, file: str) -> dict[str, Any]:
        """Return labels as numbers of the task's classes."""
        names = table.class_names or self.class_names
        labels = _labels(table.cells, table.places, names)
        check_range(table.ids, labels, len(names), file)
        numbers = labels if order is None else np.argsort(order)[labels]
        return dict(zip(table.ids, np.asarray(numbers, dtype=np.int64), strict=True))

    def _order(self, names: list[str], file: str) -> list[int] | None:
        """Return for each class of the task where it stands among a file's; None where both lists are one."""
        if names == self.class_names:
            return None
        place = {plain(name): number for number, name in enumerate(names)}
        lacking = [name for name in self.class_names if plain(name) not in place]
        if lacking or len(names) != len(self.class_names) or len(place) != len(names):
            of_task = set(self.class_names)
            odd = lacking[0] if lacking else next((name for name in names if name not in of_task), names[-1])
            found = f"predictions over {len(names)} classes, not the task's {len(self.class_names)}"
            raise UserError(file, f"{found} ('{odd}' is in one only)", "predictions of this task's classes")
        return [place[plain(name)] for name in self.class_names]

    def _adopt(self, kind: ScoreKind, file: str) -> None:
        """Take over what a file says its scores are; another one must not say something else."""
        if self.kind is not None and self.kind != kind:
            raise UserError(file, f"scores that are {kind.described()}", f"{self.kind.described()}, as before")
        self.kind = kind


def _labels(cells: list[Any], places: list[str], names: list[str]) -> list[int]:
    """Return predicted labels as numbers of the classes."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    known = {plain(name): number for number, name in enumerate(names)}
    if texts and len(texts) == len(cells) and all(plain(text) in known for text in texts):
        # A text that is a class's name is that class, also where the names are numbers.
        return [known[plain(text)] for text in texts]
    labels = read_labels(cells, where=places.__getitem__, unlabelled=None, names=names).labels
    several = next((i for i, label in enumerate(labels) if not isinstance(label, int)), None)
    if several is not None:
        raise UserError(places[several], "several labels", "one predicted label, or `scores`")
    return labels


def best(prediction: Any) -> int:
    """Return the number of the best class."""
    return int(np.argmax(prediction) if np.ndim(prediction) else prediction)


def stacked(predictions: Sequence[Any]) -> NDArray[Any]:
    """Return what metrics take: float64 scores (n_items, n_classes), or labels (n_items,)."""
    rows = np.stack(list(predictions))
    return rows.astype(np.float64, copy=False) if rows.ndim > 1 else rows
