"""Tar shards in the layout of CLIP_benchmark, with class names and templates beside them.

<path>/classnames.txt, zeroshot_classification_templates.txt      one a line, in label order
<path>/<split>/*.tar      members KEY.jpg|png|webp with KEY.cls (a number, or a name of classnames.txt), KEY.json
                          (the same, or an object with `label`), or KEY.npy (a 0/1 vector over classes)

Beside another label, KEY.npy holds facts about the image (WILDS: region, year ...), whole numbers. Which members make
one KEY is `tar_shards`' rule.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import ModelRef, Natural, Revision, Text
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.data.hub import local_dataset
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.items import ImageItem, ImageSet
from zsbench.data.images.shard_labels import clusters_of, fact_of, label_of, shard_of
from zsbench.data.images.tar_shards import Sample, read_samples, shard_files
from zsbench.data.label_columns import LabelColumn, UnlabelledImages, read_labels


def _files(options: dict[str, Any]) -> list[str]:
    beside = sorted(p for p in Path(options["path"]).glob("*.txt") if p.is_file())
    return [*shard_files(options), *map(str, beside)]


@source(gives="images", files=_files)
@image_options
def webdataset(
    *,
    path: ModelRef,
    split: Text = "test",
    revision: Revision | None = None,
    group: Natural | None = None,
    cluster: Natural | Text | None = None,
    unlabelled: UnlabelledImages = "error",
    decoding: Decoding,
) -> ImageSet:
    """Read images and labels of a split; class names and templates come from the files beside the shards.

    Parameters
    ----------
    path : local folder, or the id of a data set on the hub (`clip-benchmark/wds_cifar10`).
    split : the sub-folder with the shards.
    revision : commit or tag on the hub.
    group : which of the facts in KEY.npy is the image's group, from 0 on.
    cluster : what an image comes from: which of the facts in KEY.npy, or a key of KEY.json.
    unlabelled : what an image whose label is empty or -1 is: an error, dropped and counted, or kept for `unlabeled:`.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        No shards, a damaged or compressed shard, a key twice in one shard, an image without label or without the fact
        asked for, a label without image, a label that is no class.
    """
    root = local_dataset(path, revision=revision, patterns=[f"{split}/*.tar", "*.txt"])
    samples, counts = read_samples(root, split, ("cls", "npy"))
    names = _lines(root / "classnames.txt")
    column = _labels(samples, names, unlabelled)
    kept = [samples[i] for i in column.kept]
    return ImageSet(
        [ImageItem(sample.id, sample.image.read, decoding) for sample in kept],
        column.labels,
        names,
        _lines(root / "zeroshot_classification_templates.txt"),
        None if group is None else [fact_of(sample.id, sample.parts, group) for sample in kept],
        column.width,
        counts | column.counts,
        clusters_of(kept, cluster),
    )


def _labels(samples: list[Sample], names: list[str] | None, unlabelled: UnlabelledImages) -> LabelColumn:
    """Return the labels of samples: numbers, or names that `classnames.txt` has to list."""

    def where(number: int) -> str:
        return f"{shard_of(samples[number].parts)}: image '{samples[number].id}'"

    cells = [label_of(sample.id, sample.parts) for sample in samples]
    column = read_labels(cells, where=where, unlabelled=unlabelled, names=names)
    if column.names is not None and names is None:
        found = f"it has label '{column.names[column.labels[0]]}'"
        raise UserError(where(column.kept[0]), found, "a 0-based number, or names in classnames.txt")
    return column


def _lines(path: Path) -> list[str] | None:
    """Return the lines of a text file without blank ones, or None when there is no such file."""
    return jsonfiles.texts(path) if path.exists() else None
