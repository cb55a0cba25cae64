"""Products with a text and their attribute values, as JSONL {id, text, values}, MAVE's JSONL or HyperPAVE's CSV.

| file | id | text | values |
|---|---|---|---|
| `.csv`, `.tsv`, `.parquet` | `asin` | `title&description` | `label_text`, a Python list of `attribute: value` |
| MAVE's `.jsonl` | `id` | `paragraphs`, title and description | `attributes` as `key: value`, mentions merged |
| other `.jsonl` | `id` | `text` | `values`, a list of texts |

Source: github.com/gjiaying/HyperPAVE, code/main.py; github.com/google-research-datasets/MAVE, README.
"""

from __future__ import annotations

from pathlib import Path

from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.data import clusters
from zsbench.data.products import product_rows
from zsbench.data.products.product import ProductSet, columns_of, read_values, unknown_value


@source(gives="products")
def product_values(
    *,
    path: LocalPath,
    candidates: LocalPath | None = None,
    unseen: LocalPath | None = None,
    category: Text | None = None,
    cluster: Text | None = None,
) -> ProductSet:
    """Read products; the columns keep the order of the candidates, or are the values of the file, sorted.

    Parameters
    ----------
    path : the products, in one of the layouts above.
    candidates : one value a line, or a JSON list; values of products have to be among them.
    unseen : those of the candidates without a training example, in a file of the same form.
    category : products of this category alone (`category` of MAVE; `category_a` of HyperPAVE, a Python list of the
        product's categories, not one for each value).
    cluster : key or column that names what a product comes from, by default `cluster` where there is one.

    Raises
    ------
    UserError
        As `product_rows.read` and `read_values`, or a product's value is not among the candidates.
    """
    read = product_rows.read(Path(path), category, cluster)
    rows = [row for row, _ in read]
    named = read_values(Path(candidates)) if candidates is not None else sorted({v for row in rows for v in row.values})
    number = {value: place for place, value in enumerate(named)}
    labels = []
    for row in rows:
        stranger = next((value for value in row.values if value not in number), None)
        if stranger is not None:
            raise unknown_value(row.place, f"value '{stranger}' of product '{row.product.id}'", stranger, named)
        labels.append(tuple(sorted(number[value] for value in row.values)))
    order = "sorted by name" if candidates is None else f"in the order of {Path(candidates).name}"
    return ProductSet(
        [row.product for row in rows],
        named,
        labels,
        order,
        None if unseen is None else columns_of(Path(unseen), named),
        clusters=clusters.of_rows([(row.place, held) for row, held in read], cluster),
    )
