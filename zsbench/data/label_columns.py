"""The one reader of label columns: cells of any table, array or archive become 0-based labels.

A column holds whole numbers, or class names, or lists of either, or 0/1 vectors over the classes; never a mixture.
Numbers may be written `3`, `3.0` or "3". What is neither is an error that names its row, and a missing label (empty,
None, NaN, -1) is one too unless the option `unlabelled` says that such rows are left out, which are counted, or kept
for methods that learn without labels. So one odd cell never turns numbers into names, and no label is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zsbench.core.errors import UserError, did_you_mean
from zsbench.data.class_names import plain
from zsbench.data.label_cells import EXPECTED, Entry, distinct, shown

Unlabelled = Literal["error", "drop"]
"""What a row without label is: an error, or left out and counted."""
UnlabelledImages = Literal["error", "drop", "keep"]
"""The same for images, which may be kept without a label (-1) as `unlabeled:` data."""


@dataclass(frozen=True)
class LabelColumn:
    """What a column says.

    Attributes
    ----------
    labels : the class of each kept row, 0-based; lists of them if any row has another number of labels than one.
    kept : numbers of the rows that have a label.
    n_rows : rows in all.
    names : class names in label order, where the cells are names.
    width : length of the 0/1 vectors, where the cells are such.
    """

    labels: list[Any]
    kept: list[int]
    n_rows: int
    names: list[str] | None = None
    width: int | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were left out, by name."""
        dropped = self.n_rows - len(self.kept)
        return {"unlabelled items left out": dropped} if dropped else {}


def read_labels(
    cells: Sequence[Any],
    *,
    where: Callable[[int], str],
    unlabelled: UnlabelledImages | None = "error",
    separator: str | None = None,
    names: Sequence[str] | None = None,
) -> LabelColumn:
    """Read a column.

    Parameters
    ----------
    cells : one a row: numbers, texts, lists of them, None.
    where : names the place of a row, for messages.
    unlabelled : what a row without label is; None where every row has to have one, whatever an option says.
    separator : between several labels in one text.
    names : class names in label order where the data tell them; texts are looked up among them.

    Raises
    ------
    UserError
        A cell that is no label, numbers among names, a missing label, or no label at all.
    """
    entries, of_rows = distinct(cells, separator, where)
    missing = next((entry for entry in entries if entry.labels is None), None)
    if missing is not None and unlabelled not in ("drop", "keep"):
        hint = "or `unlabelled: drop`" if unlabelled else ""
        raise UserError(where(missing.row), f"label {missing.shown}", EXPECTED, hint)
    labelled = [entry for entry in entries if entry.labels is not None]
    if entries and not labelled and unlabelled != "keep":
        raise UserError(where(0), "no row has a label", EXPECTED)
    width, class_names = _vector_width(labelled), None
    if width is not None:
        for entry in labelled:
            entry.labels = [place for place, value in enumerate(entry.labels or ()) if value]
    elif _are_names(labelled, of_rows, where):
        class_names = list(names) if names else sorted({name for entry in labelled for name in entry.labels or ()})
        _number(labelled, class_names, where)
    _refuse_repeats(labelled, where)
    kept = [row for row, entry in enumerate(of_rows) if entry.labels is not None or unlabelled == "keep"]
    labels = alone([of_rows[row].labels for row in kept])
    return LabelColumn(labels, kept, len(of_rows), class_names, width)


def alone(lists: list[list[Any] | None]) -> list[Any]:
    """Return the label of every row, or lists of them if any has another number of labels than one; -1 for none."""
    if all(labels is None or len(labels) == 1 for labels in lists):
        return [-1 if labels is None else labels[0] for labels in lists]
    return [-1 if labels is None else list(labels) for labels in lists]


def check_range(
    ids: Sequence[str], labels: Sequence[Any], n_classes: int, where: str, *, from_one: str = "they should from 0"
) -> None:
    """Refuse labels outside the classes, and items without one.

    `from_one` is the way out that a message gives where the labels count from 1.

    Raises
    ------
    UserError
        With the first item whose label does not fit.
    """
    numbers = [number for label in labels for number in ((label,) if isinstance(label, int) else label)]
    lowest = min(numbers, default=0)
    if lowest >= 0 and max(numbers, default=0) < n_classes:
        return
    for item_id, label in zip(ids, labels, strict=True):
        bad = next((n for n in ((label,) if isinstance(label, int) else label) if not 0 <= n < n_classes), None)
        if bad == -1:
            hint = "`unlabelled: keep` and `label: null` are for `unlabeled:` data"
            raise UserError(where, f"item '{item_id}' has no label", "one for each item", hint)
        if bad is not None:
            hint = f"the labels count from 1, {from_one}" if lowest == 1 and bad == n_classes else ""
            expected = f"0 to {n_classes - 1} ({n_classes} classes)"
            raise UserError(where, f"item '{item_id}' has label {bad}", expected, hint)


def _vector_width(entries: list[Entry]) -> int | None:
    """Return the length of the cells where they are 0/1 vectors: lists of one length that hold nothing else."""
    lengths = {len(entry.labels or ()) for entry in entries}
    if len(lengths) != 1 or min(lengths) < 2 or any(isinstance(entry.cell, (str, bytes)) for entry in entries):
        return None
    return lengths.pop() if all(value in (0, 1) for entry in entries for value in entry.labels or ()) else None


def _are_names(entries: list[Entry], of_rows: list[Entry], where: Callable[[int], str]) -> bool:
    """Say whether the labels are names rather than numbers.

    Raises
    ------
    UserError
        They are both; the rarer of the two is the odd one.
    """

    def holds(entry: Entry, kind: type) -> bool:
        return any(isinstance(label, kind) for label in entry.labels or ())

    named, numbered = ([entry for entry in entries if holds(entry, kind)] for kind in (str, int))
    if named and numbered:
        n_named, n_numbered = (sum(holds(entry, kind) for entry in of_rows) for kind in (str, int))
        odd, kind, others = (
            (named[0], str, "whole numbers") if n_named <= n_numbered else (numbered[0], int, "class names")
        )
        label = next(label for label in odd.labels or () if isinstance(label, kind))
        expected = "numbers alone or names alone in one column"
        raise UserError(where(odd.row), f"label {shown(label)} among {others}", expected)
    return bool(named)


def _number(entries: list[Entry], names: Sequence[str], where: Callable[[int], str]) -> None:
    """Put numbers in place of names."""
    places = {plain(name): place for place, name in enumerate(names)}
    for entry in entries:
        labels = entry.labels or []
        unknown = next((name for name in labels if plain(name) not in places), None)
        if unknown is not None:
            expected = f"one of the {len(names)} class names that come with the data"
            raise UserError(where(entry.row), f"label {shown(unknown)}", expected, did_you_mean(unknown, names))
        entry.labels = [places[plain(name)] for name in labels]


def _refuse_repeats(entries: list[Entry], where: Callable[[int], str]) -> None:
    for entry in entries:
        labels = entry.labels or ()
        if len(set(labels)) < len(labels):
            raise UserError(where(entry.row), f"labels {shown(labels)}, one of them twice", "different labels")
