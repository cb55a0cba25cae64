"""Logits of views: a label's name stands for a column only where `class_names` says for which."""

import numpy as np
import pytest

from zsbench.core.errors import UserError
from zsbench.data.videos.view_logits import view_logits


def test_labels_by_name_need_the_names_of_the_columns(tmp_path):
    held = {"view_logits": np.zeros((2, 1, 2)), "labels": np.asarray(["cat", "dog"])}
    np.savez(tmp_path / "named.npz", **held, class_names=np.asarray(["dog", "cat"]))
    named = view_logits(path=str(tmp_path / "named.npz"))
    assert (named.labels, named.class_names) == ([1, 0], ["dog", "cat"])
    np.savez(tmp_path / "bare.npz", **held)
    with pytest.raises(UserError, match="array 'labels': names of classes"):
        view_logits(path=str(tmp_path / "bare.npz"))
