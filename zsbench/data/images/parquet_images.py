"""Images in parquet files, in the layout the Hugging Face hub uses (a struct of bytes and path)."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.items import ImageItem, ImageSet
from zsbench.data.label_columns import UnlabelledImages, read_labels


@source(gives="images")
@companions(different=("image", "label", "cluster"))
@image_options
def parquet_images(
    *,
    path: LocalPath,
    image: Text = "image",
    label: Text = "label",
    cluster: Text | None = None,
    unlabelled: UnlabelledImages = "error",
    decoding: Decoding,
) -> ImageSet:
    """Read a parquet file directly: no copy is made and nothing is written beside it.

    Parameters
    ----------
    path : the file.
    image, label : names of the columns; labels are 0-based numbers, class names, lists of them or 0/1 vectors.
    cluster : name of a column with what each image comes from (a video, a patient), by default `cluster` where there is
        one.
    unlabelled : what a row without label (null, -1) is: an error, dropped and counted, or kept for `unlabeled:`.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        No such file, not parquet, a column is missing or of another type.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = Path(path)
    files.require_file(file, "a parquet file")
    try:
        schema = pq.read_schema(file)
        needed, optional = clusters.column(cluster, (image, label))
        for column in (image, label, *needed):
            if column not in schema.names:
                raise UserError(shown(file), f"no column '{column}'", f"one of {', '.join(schema.names)}")
        further = [*needed, *(column for column in optional if column in schema.names)]
        table = pq.read_table(file, columns=[image, label, *further])
    except (pa.ArrowException, OSError) as error:
        raise UserError(shown(file), f"not a parquet file ({error})") from None
    images, cells = table.column(image), table.column(label).to_pylist()
    first = images[0].as_py() if cells else {"bytes": b""}
    if not (isinstance(first, dict) and isinstance(first.get("bytes"), bytes)):
        raise UserError(shown(file), f"column '{image}' holds no encoded images", "a struct with `bytes`")
    names = _class_names(schema, label, shown(file))

    def where(number: int) -> str:
        return f"{shown(file)}: row {number}, column '{label}'"

    labels = read_labels(cells, where=where, unlabelled=unlabelled, names=names)
    items = [ImageItem(f"{i:06d}", partial(_encoded, images, i), decoding) for i in labels.kept]
    rows = enumerate(table.select(further).to_pylist())
    of_rows = clusters.of_rows([(f"{shown(file)}: row {i}", row) for i, row in rows], cluster, noun="column")
    return ImageSet(
        items,
        labels.labels,
        names or labels.names,
        width=labels.width,
        counts=labels.counts,
        clusters=clusters.taken(of_rows, labels.kept, len(cells)),
    )


def _encoded(images: Any, row: int) -> bytes:
    """Return the encoded image of a row of an arrow column; an empty cell is no image."""
    cell: dict[str, bytes | None] | None = images[row].as_py()
    return (cell or {}).get("bytes") or b""


def _class_names(schema: Any, label: str, where: str) -> list[str] | None:
    """Return the names that the hub's metadata gives the labels, if any.

    Raises
    ------
    UserError
        The metadata are damaged.
    """
    raw = (schema.metadata or {}).get(b"huggingface")
    try:
        feature = json.loads(raw).get("info", {}).get("features", {}).get(label, {}) if raw else {}
        # A column of lists holds the names one level below.
        feature = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
        return [str(name) for name in feature.get("names") or ()] or None
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        found = f"the metadata 'huggingface' say nothing that can be read of column '{label}'"
        raise UserError(where, found, "what `datasets` writes") from None
