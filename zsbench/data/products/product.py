"""Products, their attribute values, and the candidate values in one fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zsbench.core import jsonfiles, textfiles
from zsbench.core.errors import UserError, did_you_mean, shown


@dataclass(frozen=True)
class Product:
    """One product: its text, empty where the data hold scores alone."""

    id: str
    text: str


@dataclass(frozen=True)
class ProductRow:
    """A product as it stands in a file, with the values that are true of it and where it stands."""

    place: str
    product: Product
    values: tuple[str, ...]


@dataclass
class ProductSet:
    """Products with the numbers of their values among the candidates.

    Attributes
    ----------
    values : the candidates, in the order of the columns of every score matrix.
    labels : of each product, the numbers of its values, ascending.
    order : what the order of the columns is, in words.
    unseen : the numbers of the values without a training example; None where nothing says so.
    clusters : the name of what each product comes from, where several are of one.
    """

    items: Sequence[Product]
    values: list[str]
    labels: list[tuple[int, ...]]
    order: str
    unseen: tuple[int, ...] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    clusters: Sequence[str] | None = None


def read_values(path: Path) -> list[str]:
    """Return the attribute values of a file, one a line or a JSON list of texts.

    Raises
    ------
    UserError
        There is none, or one stands twice; with its line in a file of lines.
    """
    values = jsonfiles.texts(path, "one `attribute: value` a line, or a JSON list of texts")
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise UserError(_place(path, twice), f"value '{twice}' stands twice", "it once")
    return values


def _place(path: Path, value: str) -> str:
    """Return the last line of a file that is a value, or the file where it is JSON."""
    last = max((number for number, line in textfiles.lines(path) if line.strip() == value), default=0)
    return f"{shown(path)}:{last}" if last else shown(path)


def columns_of(path: Path, values: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers, among candidate values, of those that a file lists.

    Raises
    ------
    UserError
        As `read_values`, or a value is no candidate.
    """
    number = {value: place for place, value in enumerate(values)}
    named = read_values(path)
    stranger = next((value for value in named if value not in number), None)
    if stranger is not None:
        raise unknown_value(_place(path, stranger), f"value '{stranger}'", stranger, values)
    return tuple(sorted(number[value] for value in named))


def unknown_value(where: str, what: str, value: str, values: Sequence[str]) -> UserError:
    """Return the error for a value that is not among the candidates."""
    return UserError(where, f"{what} is not among the {len(values)} candidates", "", did_you_mean(value, values))
