"""Texts with labels, read from any format, and the one way from rows of a table to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from zsbench.core.errors import UserError
from zsbench.core.records import digest
from zsbench.data import clusters
from zsbench.data.item_ids import read_id
from zsbench.data.label_columns import UnlabelledImages, read_labels

Empty = Literal["error", "drop", "keep"]
"""What a row without text is: an error, left out and counted, or an item that says nothing."""


@dataclass(frozen=True)
class Text:
    """One text; `place` is the file and line that it stands in, for messages."""

    id: str
    text: str
    place: str = field(default="", compare=False)

    @cached_property
    def _digest(self) -> str:
        return digest([self.text])

    def digest(self) -> str:
        """Return the digest of the text."""
        return self._digest


@dataclass
class TextSet:
    """Texts with 0-based labels (lists of them if a text has several, -1 where it has none).

    Attributes
    ----------
    class_names : in label order, where the data tell them.
    width : number of classes that 0/1 vectors of labels tell apart, or None where labels are no vectors.
    counts : what the source left out, by name.
    clusters : the name of what each text comes from (a document, an author), where several come from one.
    """

    items: Sequence[Text]
    labels: Sequence[Any]
    class_names: list[str] | None = None
    width: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    clusters: Sequence[str] | None = None


@dataclass(frozen=True)
class Row:
    """One row as a source found it: its place, id (None without one), the parts of its text, label cell, cluster."""

    place: str
    id: Any
    parts: list[Any]
    label: Any = None
    cluster: Any = None


def text_set(
    rows: Sequence[Row],
    columns: Sequence[str],
    *,
    label: str | None,
    names: Sequence[str] | None = None,
    first_label: int = 0,
    separator: str | None = None,
    unlabelled: UnlabelledImages = "error",
    empty: Empty = "error",
    cluster: str | None = None,
) -> TextSet:
    """Return the texts of rows; the parts of a text are joined by a blank, an id that is absent is the row's number.

    Parameters
    ----------
    columns : names of the columns of the parts, for messages.
    label : name of the label column; None where there are no labels.
    names : class names that come with the label column.
    first_label : the number that the first class has in the column.
    cluster : name of the column of clusters; None without one.

    Raises
    ------
    UserError
        With file, line and column: a text that is none or empty, a label that is none, an id that is none.
    """
    kept, counts = list(rows), {}
    items = [
        Text(_id(row, number), _joined(row, columns, required=empty == "error"), row.place)
        for number, row in enumerate(rows)
    ]
    if empty == "drop" and (n := sum(not item.text for item in items)):
        kept = [row for row, item in zip(rows, items, strict=True) if item.text]
        items, counts = [item for item in items if item.text], {"empty texts left out": n}
    of = None if cluster is None else clusters.of_rows([(r.place, {cluster: r.cluster}) for r in kept], cluster)
    if label is None:
        return TextSet(items, [-1] * len(items), counts=counts, clusters=of)
    places = [f"{row.place}, column '{label}'" for row in kept]
    column = read_labels(
        [row.label for row in kept], where=places.__getitem__, unlabelled=unlabelled, separator=separator, names=names
    )
    if first_label and (column.names or names):
        raise UserError(places[0], f"`first_label: {first_label}` for labels that are names", "labels that are numbers")
    labels = _from_zero(column.labels, column.kept, first_label, places)
    items = [items[row] for row in column.kept]
    known = list(names) if names else column.names
    of = clusters.taken(of, column.kept, len(kept))
    return TextSet(items, labels, known, column.width, counts | column.counts, of)


def _id(row: Row, number: int) -> str:
    return str(number) if row.id is None else read_id({"id": row.id}, row.place)


def _joined(row: Row, columns: Sequence[str], *, required: bool) -> str:
    """Return the parts of a text, those that say anything, joined by a blank."""
    for column, part in zip(columns, row.parts, strict=True):
        if part is not None and not isinstance(part, str):
            raise UserError(row.place, f"column '{column}' is {str(part)[:40]!r}, no text", "a text")
    text = " ".join(part.strip() for part in row.parts if part and part.strip())
    if required and not text:
        named = " and ".join(f"'{column}'" for column in columns)
        hint = "`empty: drop` leaves such rows out, counted; `empty: keep` classifies them"
        raise UserError(row.place, f"column {named} is empty", "a text", hint)
    return text


def _from_zero(labels: Sequence[Any], kept: Sequence[int], first: int, places: Sequence[str]) -> list[Any]:
    """Return labels, or lists of them, counted from 0; -1 stays what it is: no label."""
    if first == 0:
        return list(labels)
    for label, row in zip(labels, kept, strict=True):
        low = min(label, default=first) if isinstance(label, list) else label
        if -1 < low < first:
            raise UserError(places[row], f"label {low}", f"a whole number from {first} on, which is `first_label:`")
    return [
        [one - first for one in label] if isinstance(label, list) else label if label == -1 else label - first
        for label in labels
    ]
