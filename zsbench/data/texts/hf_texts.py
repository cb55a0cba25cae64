"""Labelled texts through `datasets`: hub ids, local folders, and folders that `save_to_disk` wrote."""

from __future__ import annotations

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import ModelRef, Names, Natural, Revision
from zsbench.config.options import Text as TextOption
from zsbench.data import clusters
from zsbench.data.hub import class_names, dataset_files, load_split, require_column
from zsbench.data.label_columns import UnlabelledImages
from zsbench.data.texts.texts import Empty, Row, TextSet, text_set


@source(gives="texts", files=dataset_files)
@companions(different=("label", "cluster"))
def hf_texts(
    *,
    path: ModelRef,
    split: TextOption = "test",
    name: TextOption | None = None,
    revision: Revision | None = None,
    text: Names | TextOption = "text",
    label: TextOption | None = "label",
    cluster: TextOption | None = None,
    first_label: Natural = 0,
    unlabelled: UnlabelledImages = "error",
    empty: Empty = "error",
) -> TextSet:
    """Read a split; class names come from the label column: its ClassLabel feature, or its texts in sorted order.

    Parameters
    ----------
    path : hub id or local folder.
    split, name, revision : as `datasets.load_dataset` takes them. Loading scripts are never run.
    text : name of the column of the text, or of several, which are joined by a blank (a title and a body).
    label : name of the label column; null for texts without labels (`unlabeled:`).
    cluster : name of a column with what each text comes from (a document, an author), by default `cluster` where there
        is one.
    first_label : the number of the first class; labels that count from 1 have 1.
    unlabelled : what a row without label (None, -1) is: an error, dropped and counted, or kept for `unlabeled:`.
    empty : what a row without text is: an error, dropped and counted, or kept.
    """
    columns = [text] if isinstance(text, str) else text
    loaded = load_split(path, split=split, name=name, revision=revision, streaming=False)
    needed, optional = clusters.column(cluster, [*columns, *([label] if label else [])])
    for column in (*columns, *([label] if label else []), *needed):
        require_column(loaded, column, path)
    of = next((column for column in (*needed, *optional) if column in loaded.column_names), None)
    held = {column: list(loaded[column]) for column in (*columns, label, of) if column}
    rows = [
        Row(
            f"{path}: split '{split}', row {number}",
            f"{split}/{number:06d}",
            [held[column][number] for column in columns],
            held[label][number] if label else None,
            held[of][number] if of else None,
        )
        for number in range(len(loaded))
    ]
    return text_set(
        rows,
        columns,
        label=label,
        names=class_names(loaded, label) if label else None,
        first_label=first_label,
        unlabelled=unlabelled,
        empty=empty,
        cluster=of,
    )
