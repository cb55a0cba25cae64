"""A misspelt split is never taken for another one."""

import pytest

from zsbench.core.errors import UserError
from zsbench.data.images.torchvision import _part


@pytest.mark.parametrize(
    ("accepted", "split", "found"),
    [
        (("root", "split"), "zzz", {"split": "zzz"}),  # the class itself knows its splits
        (("root", "train"), "train", {"train": True}),
        (("root", "train"), "test", {"train": False}),
        (("root",), "test", {}),
    ],
)
def test_a_split_is_asked_for_as_the_class_takes_it(accepted, split, found):
    assert _part("X", split, accepted) == found


@pytest.mark.parametrize(
    ("accepted", "message"), [(("root", "train"), "did you mean 'train'"), (("root",), "one part only")]
)
def test_what_no_class_has_is_refused(accepted, message):
    with pytest.raises(UserError, match=message):
        _part("X", "trian", accepted)
