"""Predictions over classes as a table: `id` with `scores` (a list of n_classes numbers) or `label`.

Parquet that zsbench writes also says what its scores are and which classes they stand for, so that a task that lists
the same classes in another order reads the right columns. A table of one's own says what its scores are by calling
their column `logits` or `probabilities`; metrics of certainty need to know.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from zsbench.core import files, score_kinds
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.yamlio import shown
from zsbench.data.class_names import plain
from zsbench.data.label_columns import check_range, read_labels
from zsbench.tasks.formats import prediction_tables
from zsbench.tasks.formats.format import Format

_KIND, _NAMES = b"zsbench.scores", b"zsbench.class_names"
_COLUMNS = ("scores", "logits", "probabilities", "label")


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
            rows = [np.asarray(row, dtype=np.float32) for row in predictions]
            columns["scores"] = pa.array(rows, pa.list_(pa.float32()))
        else:
            columns["label"] = pa.array([int(label) for label in predictions], pa.int64())
        said = {_NAMES: json.dumps(self.class_names).encode()}
        said |= {} if self.kind is None else {_KIND: self.kind.to_json().encode()}
        with files.replacing(path) as temporary:
            pq.write_table(pa.table(columns).replace_schema_metadata(said), temporary)

    def read(self, path: Path, items: Sequence[Any] = ()) -> dict[str, Any]:
        """Read a table of predictions by id: float64 scores, or the number of a class.

        Labels are 0-based numbers or names of classes.

        Raises
        ------
        UserError
            No table, without these columns, an id twice, cells that are no numbers or no classes, or scores of other
            classes than the task's.
        """
        rows = list(prediction_tables.read(path, ("id", *_COLUMNS)))
        if not rows:
            raise UserError(shown(path), "no rows", "one an item")
        own = self._metadata(path)
        places = [where for where, _ in rows]
        ids = [_id(row, where) for where, row in rows]
        seen: set[str] = set()
        for key, where in zip(ids, places, strict=True):
            if key in seen:
                raise UserError(where, f"id '{key}' stands twice", "one row an item")
            seen.add(key)
        column = next((name for name in _COLUMNS if name in rows[0][1]), None)
        if column is None:
            raise UserError(shown(path), "no column of scores or labels", f"one of {', '.join(_COLUMNS)}")
        cells = [row.get(column) for _, row in rows]
        order = None if own is None else self._order(own, shown(path))
        if column in ("logits", "probabilities"):
            self._said(ScoreKind("logits" if column == "logits" else "probabilities"), shown(path))
        if column != "label":
            return dict(zip(ids, self._scores(cells, places, order), strict=True))
        names = own or self.class_names
        labels = _labels(cells, places, names)
        check_range(ids, labels, len(names), shown(path))
        return {
            key: np.int64(label if order is None else order.index(label))
            for key, label in zip(ids, labels, strict=True)
        }

    def check(self, item: Any, prediction: Any) -> str:
        """Say whether a score is NaN, or there is not one for each class."""
        n = len(self.class_names)
        if np.ndim(prediction) and len(prediction) != n:
            return f"{self.noun} {item.id}: {len(prediction)} scores, expected one for each of {n} classes"
        return f"{self.noun} {item.id}: a score is NaN" if np.isnan(prediction).any() else ""

    def preview(self, prediction: Any) -> str:
        """Return the number of the best class."""
        return str(self.first + best(prediction))

    def _scores(self, cells: list[Any], places: list[str], order: list[int] | None) -> list[Any]:
        found = []
        for cell, where in zip(cells, places, strict=True):
            if not isinstance(cell, list) or not all(isinstance(one, (int, float)) for one in cell):
                raise UserError(where, f"scores {str(cell)[:40]}", "a list of numbers, one a class")
            row = np.asarray(cell, dtype=np.float64)
            found.append(row if order is None or len(row) != len(order) else row[order])
        return found

    def _order(self, own: list[str], file: str) -> list[int] | None:
        """Return for each class of the task where it stands among a file's own; None where both lists are one."""
        if own == self.class_names:
            return None
        place = {plain(name): number for number, name in enumerate(own)}
        lacking = [name for name in self.class_names if plain(name) not in place]
        if lacking or len(own) != len(self.class_names) or len(place) != len(own):
            odd = lacking[0] if lacking else next(name for name in own if name not in self.class_names)
            found = (
                f"predictions over {len(own)} classes, not the task's {len(self.class_names)} ('{odd}' is in one only)"
            )
            raise UserError(file, found, "predictions of this task's classes")
        return [place[plain(name)] for name in self.class_names]

    def _said(self, kind: ScoreKind, file: str) -> None:
        """Take over what a file says its scores are; another one must not say something else."""
        if self.kind is not None and self.kind != kind:
            raise UserError(file, f"scores that are {kind.described()}", f"{self.kind.described()}, as before")
        self.kind = kind

    def _metadata(self, path: Path) -> list[str] | None:
        """Take over what a parquet file says its scores are, and return the classes that it names."""
        if path.suffix != ".parquet":
            return None
        import pyarrow.parquet as pq

        said = pq.read_schema(path).metadata or {}
        try:
            if _KIND in said:
                self._said(score_kinds.from_json(said[_KIND]), shown(path))
            names = json.loads(said[_NAMES]) if _NAMES in said else None
        except (ValueError, RecursionError) as error:
            raise UserError(shown(path), f"metadata cannot be read ({error})", "what zsbench wrote") from None
        return [str(name) for name in names] if isinstance(names, list) and names else None


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


def _id(row: dict[str, Any], where: str) -> str:
    if row.get("id") is None or row["id"] == "":
        raise UserError(where, "no id", "the item's id in every row")
    return str(row["id"])
