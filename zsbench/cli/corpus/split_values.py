"""`zsbench corpus split-values`: train, validation and test products by drawn attribute values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zsbench.cli._outputs import require_new_files
from zsbench.cli._screen import say

if TYPE_CHECKING:
    from zsbench.data.products.product import ProductRow

VALUES, FOR_VALIDATION, FOR_TEST = "values.json", "validation-values.json", "test-values.json"


def split_values(
    products: Annotated[Path, typer.Argument(help="JSONL {id, text, values}, MAVE's JSONL, or HyperPAVE's CSV.")],
    out: Annotated[Path, typer.Option(help="Folder to write; none of its files may be there.")],
    n: Annotated[int | None, typer.Option(min=1, help="Values drawn for validation, and as many for the test.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draw.")] = None,
    validation_values: Annotated[
        Path | None, typer.Option(help="Values that were drawn, one a line or a JSON list, instead of --n and --seed.")
    ] = None,
    test_values: Annotated[Path | None, typer.Option(help="Likewise, for the test.")] = None,
    category: Annotated[str | None, typer.Option(help="Products of this category alone.")] = None,
) -> None:
    """Split products for unseen attribute values: who has a drawn value leaves the training set whole (HyperPAVE)."""
    from zsbench.config.paths import resolve_path
    from zsbench.corpus.value_split import PARTS, parts
    from zsbench.data.products import product_rows

    require_new_files(out, [*(f"{part}.jsonl" for part in PARTS), VALUES, FOR_VALIDATION, FOR_TEST])
    rows = [row for row, _ in product_rows.read(resolve_path(str(products), Path()), category)]
    values = sorted({value for row in rows for value in row.values})
    chosen = _chosen(values, n, seed, validation_values, test_values)
    drawn_in = " and ".join(str(path) for path in (validation_values, test_values) if path is not None)
    of_rows = parts([row.values for row in rows], *chosen, where=drawn_in)
    by_part = {part: [row for row, own in zip(rows, of_rows, strict=True) if own == part] for part in PARTS}
    _refuse_empty(by_part)
    _write(out, by_part, {VALUES: values, FOR_VALIDATION: chosen[0], FOR_TEST: chosen[1]})
    sizes = ", ".join(f"{len(by_part[part])} {part}" for part in PARTS)
    scored = sum(len(row.values) > 1 for row in by_part["test"])
    say(f"{sizes} products of {len(values)} values in {out}; {scored} test products with at least two", error=True)


def _chosen(
    values: list[str], n: int | None, seed: int | None, validation_values: Path | None, test_values: Path | None
) -> tuple[list[str], list[str]]:
    """Return the values for validation and for the test, drawn or read from the files that name them."""
    from zsbench.core.errors import UserError
    from zsbench.corpus.value_split import drawn
    from zsbench.data.products.product import columns_of

    given = [path for path in (validation_values, test_values) if path is not None]
    if given and (n is not None or seed is not None or len(given) == 1):
        found = "values that were drawn beside a draw, or for one side only"
        raise UserError("split-values", found, "--validation-values FILE --test-values FILE, or --n N --seed S")
    if given:
        first, second = ([values[column] for column in columns_of(path, values)] for path in given)
        return first, second
    if n is None or seed is None:
        expected = "--n N --seed S, or --validation-values FILE --test-values FILE"
        raise UserError("split-values", "no --seed" if seed is None else "no --n", expected)
    return drawn(values, n, seed=seed)


def _refuse_empty(by_part: dict[str, list[ProductRow]]) -> None:
    """Refuse a split without products to train on, to validate on, or to test on."""
    from zsbench.core.errors import UserError

    empty = next((part for part, rows in by_part.items() if not rows), None)
    if empty is not None:
        raise UserError(
            "split-values", f"no product is left for {empty}", "fewer values, another seed, or other values"
        )


def _write(out: Path, by_part: dict[str, list[ProductRow]], lists: dict[str, list[str]]) -> None:
    from zsbench.core import files
    from zsbench.corpus.files import write_lines

    for part, rows in by_part.items():
        write_lines(
            out / f"{part}.jsonl",
            ({"id": row.product.id, "text": row.product.text, "values": list(row.values)} for row in rows),
        )
    for name, values in lists.items():
        files.write_bytes(out / name, (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode())
