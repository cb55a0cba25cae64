"""Labelled texts in a table: a text and its label a row, in CSV, TSV, parquet or JSON lines."""

from __future__ import annotations

from pathlib import Path

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Names, Natural, Separator
from zsbench.config.options import Text as TextOption
from zsbench.core import tablefiles
from zsbench.data import clusters
from zsbench.data.label_columns import UnlabelledImages
from zsbench.data.texts.texts import Empty, Row, TextSet, text_set


@source(gives="texts")
@companions(different=("label", "id", "cluster"))
def text_table(
    *,
    path: LocalPath,
    text: Names | TextOption = "text",
    label: TextOption | None = "label",
    id: TextOption | None = None,
    cluster: TextOption | None = None,
    first_label: Natural = 0,
    separator: Separator | None = None,
    unlabelled: UnlabelledImages = "error",
    empty: Empty = "error",
) -> TextSet:
    """Read one text a row.

    Parameters
    ----------
    path : .csv, .tsv or .parquet with a header, or .jsonl with an object a line.
    text : name of the column of the text, or of several, which are joined by a blank (a title and a body).
    label : name of the label column: numbers, class names (numbered in sorted order), or lists of them; null for texts
        without labels (`unlabeled:`).
    id : name of the column of ids, by default `id` where there is one; without one a text is named by its number.
    cluster : name of a column with what each text comes from (a document, an author), by default `cluster` where there
        is one.
    first_label : the number of the first class; labels that count from 1 have 1.
    separator : between several labels in one cell.
    unlabelled : what a row without label is: an error, dropped and counted, or kept for `unlabeled:`.
    empty : what a row without text is: an error, dropped and counted, or kept.

    Raises
    ------
    UserError
        With file and line: a column is missing, a text is empty, a label is none.
    """
    columns = [text] if isinstance(text, str) else text
    asked = [*columns, *([label] if label else []), *([id] if id else [])]
    needed, optional = clusters.column(cluster, asked)
    ids = [] if "id" in asked else ["id"]
    raw = (*columns, label) if label else columns
    table = tablefiles.read(Path(path), [*asked, *needed], optional=[*optional, *ids], raw=raw)
    of = next((name for name in [*needed, *optional] if any(name in row for row in table)), None)
    named = id or "id"
    rows = [
        Row(
            row.place,
            row.get(named),
            [row[column] for column in columns],
            row[label] if label else None,
            row.get(of) if of else None,
        )
        for row in table
    ]
    return text_set(
        rows,
        columns,
        label=label,
        first_label=first_label,
        separator=separator,
        unlabelled=unlabelled,
        empty=empty,
        cluster=of,
    )
