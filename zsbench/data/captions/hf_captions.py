"""Captioned images through `datasets`: hub ids, folders of parquet, and `save_to_disk` folders."""

from __future__ import annotations

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import ModelRef, Revision, Text
from zsbench.data.captions.captioned import CaptionedImages, checked
from zsbench.data.hub import dataset_files
from zsbench.data.images.decoding import Decoding, image_options
from zsbench.data.images.hf_datasets import read_columns
from zsbench.data.images.items import ImageItem


@source(gives="captioned-images", files=dataset_files)
@companions(different=("image", "caption", "cluster"))
@image_options
def hf_captions(
    *,
    path: ModelRef,
    split: Text = "test",
    name: Text | None = None,
    revision: Revision | None = None,
    image: Text = "image",
    caption: Text = "caption",
    cluster: Text | None = None,
    streaming: bool = False,
    decoding: Decoding,
) -> CaptionedImages:
    """Read a split; the caption column holds a text or a list of texts.

    Parameters
    ----------
    path : hub id (`nlphuji/flickr_1k_test_image_text_retrieval`) or local folder.
    split, name, revision : as `datasets.load_dataset` takes them. Loading scripts are never run.
    image, caption : names of the columns.
    cluster : name of a column with what each image comes from (a product, a video), by default `cluster` where there is
        one; without it each image and its captions stand alone.
    streaming : fetch this split's rows only and keep the encoded images in a temporary file.
    decoding : how the images become pixels.
    """
    columns = read_columns(path, image, caption, cluster, split, name=name, revision=revision, streaming=streaming)
    items = [ImageItem(f"{split}/{i:06d}", read, decoding) for i, read in enumerate(columns.readers)]
    captions = [[text] if isinstance(text, str) else list(text) for text in columns.cells]
    return checked(CaptionedImages(items, captions, clusters=columns.clusters), path)
