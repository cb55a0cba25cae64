"""Tar shards of images with captions: members KEY.jpg|png|webp with KEY.txt, one caption a line."""

from __future__ import annotations

from zsbench.config.components import source
from zsbench.config.options import ModelRef, Natural, Revision, Text
from zsbench.core import textfiles
from zsbench.core.yamlio import shown
from zsbench.data.captions.captioned import CaptionedImages, checked
from zsbench.data.hub import local_dataset
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.items import ImageItem
from zsbench.data.images.shard_labels import clusters_of
from zsbench.data.images.tar_shards import Sample, read_samples, shard_files


@source(gives="captioned-images", files=shard_files)
@image_options
def webdataset_captions(
    *,
    path: ModelRef,
    split: Text = "test",
    revision: Revision | None = None,
    cluster: Natural | Text | None = None,
    decoding: Decoding,
) -> CaptionedImages:
    """Read images and captions of a split.

    Parameters
    ----------
    path : local folder, or the id of a data set on the hub (`clip-benchmark/wds_flickr30k`).
    split : the sub-folder with the shards.
    revision : commit or tag on the hub.
    cluster : what an image comes from, an entry of KEY.npy by its number, or a key of KEY.json; without it each image
        and its captions stand alone.
    decoding : how the images become pixels.

    Raises
    ------
    UserError
        No shards, a damaged or compressed shard, a key twice in one shard, an image without captions or the reverse.
    """
    root = local_dataset(path, revision=revision, patterns=[f"{split}/*.tar"])
    samples, counts = read_samples(root, split, ("txt",))
    items = [ImageItem(sample.id, sample.image.read, decoding) for sample in samples]
    captions = [_captions(sample) for sample in samples]
    images = CaptionedImages(items, captions, counts, clusters_of(samples, cluster))
    return checked(images, shown(root / split))


def _captions(sample: Sample) -> list[str]:
    if "txt" not in sample.parts:
        return []
    member = sample.parts["txt"]
    text = textfiles.decoded(member.read(), f"{shown(member.shard)}: {sample.id}.txt")
    return [line.strip() for line in text.split("\n") if line.strip()]
