"""Lists of videos: which are read, and whether they choose the classes too."""

import pytest

from zsbench.data.video_files import video_files
from zsbench.errors import UserError

pytest.importorskip("av")


@pytest.fixture
def folder(tmp_path):
    for name in ("b_c/1.mp4", "b_c/2.mp4", "a/3.avi", "d/4.mp4"):
        (tmp_path / "v" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "v" / name).touch()
    return tmp_path


def read(folder, lines, **options):
    (folder / "list.txt").write_text(lines)
    found = video_files(path=str(folder / "v"), only=str(folder / "list.txt"), **options)
    return [item.id for item in found.items], found.labels, found.class_names


def test_a_list_keeps_all_classes_as_choices_unless_it_chooses_them_too(folder):
    listed = "d/4.mp4 7\n\n2.mp4\n"
    assert read(folder, listed) == (["d/4", "b_c/2"], [2, 1], ["a", "b c", "d"])
    assert read(folder, listed, only_their_classes=True) == (["d/4", "b_c/2"], [1, 0], ["b c", "d"])
    with pytest.raises(UserError, match="lists 'x/9"):
        read(folder, "x/9.mp4\n")
