"""Shards with facts beside the label (WILDS, DataComp): the label is .cls, a fact may be the group."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from zsbench.core.errors import UserError
from zsbench.data.images.webdataset import webdataset


def shard(folder, rows):
    """Write one shard of (label, facts) rows; None leaves a member out."""
    (folder / "test").mkdir(exist_ok=True)
    with tarfile.open(folder / "test" / "0.tar", "w") as archive:
        for i, (label, facts) in enumerate(rows):
            image, vector = io.BytesIO(), io.BytesIO()
            Image.new("L", (4, 4), 20 * i).save(image, "PNG")
            np.save(vector, np.asarray(facts))
            members = {"png": image.getvalue(), "cls": str(label).encode(), "npy": vector.getvalue()}
            for suffix, data in members.items():
                if (suffix, None) not in (("cls", label), ("npy", facts)):
                    entry = tarfile.TarInfo(f"s{i}.{suffix}")
                    entry.size = len(data)
                    archive.addfile(entry, io.BytesIO(data))
    return str(folder)


def test_facts_beside_the_label_are_no_labels(tmp_path):
    path = shard(tmp_path, [(2, [5, 1, 2]), (0, [1, 0, 1]), (1, None)])
    found = webdataset(path=path)
    assert found.labels == [2, 0, 1]
    assert found.groups is None
    # Without .cls the vector is the label, as in sets with several classes an image.
    assert webdataset(path=shard(tmp_path, [(None, [1, 0, 1])])).labels == [[0, 2]]


def test_a_fact_is_the_group(tmp_path):
    path = shard(tmp_path, [(2, [5.0, 17.0, 2.0]), (0, [1.0, 16.0, 0.0])])
    assert webdataset(path=path, group=0).groups == ["5", "1"]
    assert webdataset(path=path, group=1).take([1]).groups == ["16"]
    with pytest.raises(UserError, match=r"\.npy of shape \(3,\).* entry 3"):
        webdataset(path=path, group=3)
    with pytest.raises(UserError, match=r"has no \.npy member"):
        webdataset(path=shard(tmp_path, [(1, None)]), group=0)
