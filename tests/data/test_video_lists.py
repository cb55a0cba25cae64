"""Lists of videos: which are read, and whether they choose the classes too."""

import struct

import numpy as np
import pytest

from zsbench.core.errors import UserError
from zsbench.data.images.items import count_traits
from zsbench.data.videos.decoding import NOT_TURNED, TURNED
from zsbench.data.videos.video_files import video_files

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


def test_names_of_a_list_may_hold_blanks(tmp_path):
    for name in ("air drumming/a b.mp4", "air/1.mp4"):
        (tmp_path / "v" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "v" / name).touch()
    assert read(tmp_path, "air drumming/a b.mp4\n")[0] == ["air drumming/a b"]
    assert read(tmp_path, "a b.mp4 12\n  air/1.mp4\t3 \n")[0] == ["air drumming/a b", "air/1"]


def test_marks_of_a_list_choose_among_its_videos(folder):
    listed = "1.mp4 1 \n2.mp4 2 \n3.avi 2\n4.mp4 0\n"
    assert read(folder, listed, only_marked=2)[0] == ["b_c/2", "a/3"]
    assert read(folder, listed, only_marked=0)[0] == ["d/4"]
    # Numbers of classes are the same for all videos of a class; marks are not, and reading all of them is a mistake.
    with pytest.raises(UserError, match=r"list.txt:2.*marks 1 and 2 in one class.*only_marked"):
        read(folder, listed)
    assert len(read(folder, "1.mp4 7\n2.mp4 7\n3.avi 8\n")[0]) == 3
    with pytest.raises(UserError, match=r"no number behind '2\.mp4'"):
        read(folder, "1.mp4 2\n2.mp4\n", only_marked=2)
    with pytest.raises(UserError, match="no video marked 5"):
        read(folder, listed, only_marked=5)


def video(path, rotation):
    """Write a video, 64 x 32, white at the upper left, whose header says that it is shown turned clockwise."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        pixels = np.zeros((32, 64, 3), np.uint8)
        pixels[:8, :8] = 255
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    data = bytearray(path.read_bytes())
    a, b = {0: (1, 0), 90: (0, 1), 180: (-1, 0)}[rotation]
    at = data.index(b"tkhd") + 44
    one = 1 << 16
    data[at : at + 36] = struct.pack(">9i", a * one, b * one, 0, -b * one, a * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("rotation", "size", "corner"), [(0, (64, 32), (2, 2)), (90, (32, 64), (29, 2)), (180, (64, 32), (61, 29))]
)
def test_videos_are_turned_as_they_are_to_be_shown(tmp_path, rotation, size, corner):
    (tmp_path / "x").mkdir()
    video(tmp_path / "x" / "1.mp4", rotation)
    for orientation in ("exif", "stored"):
        [item] = video_files(path=str(tmp_path), orientation=orientation).items
        turned = rotation and orientation == "exif"
        [frame] = item.frames([1])
        assert frame.size == (size if turned else (64, 32))
        assert min(frame.getpixel(corner if turned else (2, 2))) > 200
        expected = {TURNED if turned else NOT_TURNED: 1} if rotation else {}
        assert count_traits([item]) == expected
