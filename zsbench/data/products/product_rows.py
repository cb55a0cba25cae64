"""Rows of files of products, in the layouts that `product_values` lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zsbench.core import jsonfiles, tablefiles
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.data import clusters
from zsbench.data.collections.collection import add_unique
from zsbench.data.item_ids import read_id
from zsbench.data.literals import read_list
from zsbench.data.products.product import Product, ProductRow

_TABLES = (".csv", ".tsv", ".parquet")
_MAVE = "MAVE's full data: `paragraphs` of {text, source}, `attributes` of {key, evidences: [{value}]}"
_LISTED = 8  # so many categories are named in a message
_SHOWN = ("title", "description")  # the paragraphs of MAVE that HyperPAVE reads


def read(
    path: Path, category: str | None = None, cluster: str | None = None
) -> list[tuple[ProductRow, dict[str, Any]]]:
    """Return the products of a file, of one category where it is named, each with what its row says of a cluster.

    Raises
    ------
    UserError
        No row, none of the category, a key or column is missing or of another type, a product stands twice, or a
        value twice in one; with file and line.
    """
    rows = _table(path, cluster) if path.suffix in _TABLES else _lines(path)
    known: dict[str, None] = {}
    kept, categories = [], set()
    for place, product, values, of, row in rows:
        add_unique(known, product.id, None, where=place, kind="product")
        categories |= of
        if category is None or category in of:
            kept.append((ProductRow(place, product, _distinct(values, product, place)), clusters.named(row, cluster)))
    if not known:
        raise UserError(shown(path), "no products", "one a row")
    if not kept:
        found = f"no product of category '{category}'"
        raise UserError(shown(path), found, "", _nearest(str(category), categories))
    return kept


def _nearest(category: str, known: set[str]) -> str:
    named = sorted(known)
    listed = ", ".join(named[:_LISTED]) + (f" and {len(named) - _LISTED} more" if len(named) > _LISTED else "")
    return did_you_mean(category, named) or (f"it has {listed}" if named else "the file names none")


_Row = tuple[str, Product, list[str], set[str], dict[str, Any]]


def _table(path: Path, cluster: str | None) -> Iterator[_Row]:
    required, optional = clusters.column(cluster, ())
    columns = ["asin", "title&description", "label_text"]
    for row in tablefiles.read(path, [*columns, *required], optional=["category_a", *optional]):
        values = _texts(read_list(row["label_text"], row.place, "label_text"), "label_text", row.place)
        listed = row.get("category_a") or "[]"
        categories = _texts(read_list(listed, row.place, "category_a"), "category_a", row.place)
        if not row["asin"]:
            raise UserError(row.place, "column 'asin' is empty", "the product's id")
        text = _filled(row["title&description"], "column 'title&description'", row.place)
        yield row.place, Product(row["asin"], text), values, set(categories), row


def _lines(path: Path) -> Iterator[_Row]:
    for number, row in jsonfiles.lines(path, {}):
        place = f"{shown(path)}:{number}"
        key = read_id(row, place)
        of_mave = "attributes" in row
        text, values = _of_mave(row, place) if of_mave else _plain(row, place)
        category = row.get("category") or []
        categories = _texts([category] if isinstance(category, str) else category, "category", place)
        yield place, Product(key, text), values, set(categories), row


def _plain(row: dict[str, Any], place: str) -> tuple[str, list[str]]:
    for key, expected in (("text", "a text"), ("values", "a list of texts")):
        if key not in row:
            raise UserError(place, f"key '{key}' is missing", expected)
    return _filled(row["text"], "key 'text'", place), _texts(row["values"], "values", place)


def _of_mave(row: dict[str, Any], place: str) -> tuple[str, list[str]]:
    """Return title and description (all paragraphs where there is neither), and each `key: value` once."""
    paragraphs = [
        (_held(part, "source", str, place), _held(part, "text", str, place))
        for part in _held(row, "paragraphs", list, place)
    ]
    values = [
        f"{_filled(_held(one, 'key', str, place), 'an attribute', place)}: "
        f"{_filled(_held(found, 'value', str, place), 'a value', place)}"
        for one in _held(row, "attributes", list, place)
        for found in _held(one, "evidences", list, place)
    ]
    text = " ".join([text for source, text in paragraphs if source in _SHOWN] or [text for _, text in paragraphs])
    return _filled(text, "the text of the paragraphs", place), list(dict.fromkeys(values))


def _held(part: Any, key: str, kind: type, place: str) -> Any:
    """Return what an object of MAVE's data holds under a key, which has to be of a type."""
    if not isinstance(part, dict) or not isinstance(part.get(key), kind):
        if not isinstance(part, dict):
            found = f"{jsonfiles.spelled(part)} instead of an object with '{key}'"
        else:
            found = f"key '{key}' is {jsonfiles.spelled(part[key]) if key in part else 'missing'}"
        raise UserError(place, found, _MAVE)
    return part[key]


def _filled(text: Any, what: str, place: str) -> str:
    if not isinstance(text, str) or not text.strip():
        found = "is empty" if isinstance(text, str) else f"is {jsonfiles.spelled(text)}"
        raise UserError(place, f"{what} {found}", "a text")
    return text.strip()


def _texts(values: Any, what: str, place: str) -> list[str]:
    wrong = [value for value in values if not _is_text(value)] if isinstance(values, list) else [values]
    if wrong:
        raise UserError(place, f"'{what}' holds {jsonfiles.spelled(wrong[0])}", "a list of texts that are not empty")
    return [value.strip() for value in values]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _distinct(values: list[str], product: Product, place: str) -> tuple[str, ...]:
    twice = next((value for number, value in enumerate(values) if value in values[:number]), None)
    if twice is not None:
        raise UserError(place, f"product '{product.id}' has value '{twice}' twice", "each value once")
    return tuple(values)
