"""The keys with which a task names its classes, and the join of those names with what the data carry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import MinLen

from zsbench.config import catalog
from zsbench.config.blocks import Block
from zsbench.config.components import option_defaults
from zsbench.config.options import Text, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core import jsonfiles, tablefiles, textfiles
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.yamlio import shown
from zsbench.data.class_join import Classes, join, join_further, moved, strangers
from zsbench.data.class_names import LabelOrder, listed
from zsbench.data.label_columns import check_range
from zsbench.tasks.base import read_names

ClassMap = Annotated[dict[Text, Text], MinLen(1)]


class NamedClasses(TaskConfig):
    """Keys that name classes.

    `classes` lists their names, or names a file that does (one a line, a JSON list, or CSV with the columns `id` and
    `name`). Where the data carry names too, the two are joined by name; other words for the same classes stand in the
    order of the data's. `class_map` gives classes of the data other names (a mapping, or a .json, .tsv or .csv file). A
    mapping under `classes` does the same and lists the classes; for data without names it says `{"0": cat, "1": dog}`.
    `label_order` says how whole-number folder names count: 2 before 10 (`numeric`), or 10 before 2 (`text`).
    """

    classes: Texts | ClassMap | Text | None = None
    class_map: ClassMap | Text | None = None
    label_order: LabelOrder | None = None

    def files_of(self, *keys: str) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the files that name classes, and those of further keys; keys that name none are left out."""
        named = [key for key in ("classes", "class_map", *keys) if isinstance(getattr(self, key), str)]
        return [((key,), [str(self.path(key))]) for key in named]

    def join(self, data: Any, source: Block) -> Classes:
        """Return the task's classes from what YAML and data say.

        Raises
        ------
        UserError
            The names do not fit, a label is no class, or 0/1 vectors have another length than there are classes.
        """
        names, where, class_map = self.listed(), source.where, self._map()
        if data.class_names is None and isinstance(self.classes, dict) and self.class_map is None:
            numbered = by_number(self.classes)
            names, class_map = (names, class_map) if numbered is None else (numbered, None)
        classes = join(
            data.class_names, names, where, what=called(source), class_map=class_map, label_order=self.label_order
        )
        _check(data, len(classes.names if data.class_names is None else data.class_names), source)
        return classes

    def join_further(self, classes: Classes, data: Any, source: Block) -> list[Any]:
        """Return the labels of further data (support, validation) as numbers of the task's classes.

        Raises
        ------
        UserError
            As `join`.
        """
        own = data.class_names
        _check(data, len(classes.names if own is None else own), source)
        where, class_map = source.where, self._map()
        place = join_further(
            classes, own, where, what=called(source), class_map=class_map, label_order=self.label_order
        )
        return moved(data.labels, place)

    def strangers(self, classes: Classes, data: Any) -> int:
        """Return how many classes of further data are joined by their place alone, because nothing has their names."""
        return strangers(classes, data.class_names, self._map())

    def listed(self) -> list[str] | None:
        """Return the names that `classes` lists, itself or in a file; None where it is not there."""
        if isinstance(self.classes, dict):
            return list(dict.fromkeys(self.classes.values()))
        return read_names(self.classes, self.folder("classes"), self.document.where(("classes",)))

    def _map(self) -> dict[str, str] | None:
        written = self.classes if isinstance(self.classes, dict) else {}
        named = self.class_map
        if isinstance(named, str):
            named = read_map(self.path("class_map"))
        return {**written, **(named or {})} or None


def require_classes(named: Collection[str], names: Sequence[str], where: str) -> None:
    """Refuse a key of the task that speaks of a class which is none.

    Raises
    ------
    UserError
        With the first such name and the nearest class.
    """
    for name in named:
        if name not in names:
            raise UserError(
                where, f"no class '{name}'", f"the task's classes: {listed(names)}", did_you_mean(name, names)
            )


def by_number(classes: dict[str, str]) -> list[str] | None:
    """Return the names of `{"0": cat, "1": dog}` in the order of the numbers; None where the keys are no numbers 0.."""
    keys = [str(number) for number in range(len(classes))]
    return [classes[key] for key in keys] if set(keys) == set(classes) else None


def called(source: Block) -> str:
    """Return what messages call a data block: the name of its file or folder, else that of the source."""
    path = source.options.get("path")
    return Path(path).name if isinstance(path, str) and path else source.name


def _check(data: Any, n_classes: int, source: Block) -> None:
    """Refuse labels outside the classes that the data count by."""
    width = getattr(data, "width", None)
    if width is not None and width != n_classes:
        found = f"labels of {called(source)} are 0/1 vectors of length {width}"
        raise UserError(source.where, found, f"length {n_classes}, one entry a class")
    options = option_defaults(catalog.load_component("data", source.name))
    way_out = {"from_one": "which `first_label: 1` says"} if "first_label" in options else {}
    check_range([item.id for item in data.items], data.labels, n_classes, source.where, **way_out)


def read_map(path: Path) -> dict[str, str]:
    """Return a class map from a JSON object, or from two columns parted by tabs or, in .csv, by commas.

    Raises
    ------
    UserError
        The file cannot be read, holds something else, or maps a name twice.
    """
    expected = "a JSON object, or two columns: the name in the data, the class's name"
    if path.suffix == ".json":
        held = jsonfiles.read(path, expected)
        rows = [(shown(path), list(pair)) for pair in held.items()] if isinstance(held, dict) else []
    else:
        cells = tablefiles.cells(path, "," if path.suffix == ".csv" else "\t")
        rows = [(f"{shown(path)}:{number}", [cell.strip(textfiles.BLANKS) for cell in row]) for number, row in cells]
    if not rows:
        raise UserError(shown(path), "no names", expected)
    found: dict[str, str] = {}
    for where, row in rows:
        if len(row) != 2 or not all(isinstance(part, str) and part for part in row):
            raise UserError(where, f"{row}", expected)
        if row[0] in found:
            raise UserError(where, f"'{row[0]}' stands twice", "one class a name")
        found[row[0]] = row[1]
    return found
