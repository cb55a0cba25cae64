"""Which files of a folder are items: hidden ones ignored, links followed, everything else counted or refused."""

import os
from pathlib import Path

import pytest

from tests.data.builders import png, write
from zsbench.core.errors import UserError
from zsbench.core.files import Folders
from zsbench.core.listing import files_below, files_in, is_hidden, subfolders
from zsbench.data.images.imagefiles import SUFFIXES
from zsbench.data.images.imagefolder import imagefolder
from zsbench.data.videos.frame_folders import frame_folders, in_order
from zsbench.data.videos.video_files import video_files


def below(folder):
    return [path.relative_to(folder).as_posix() for path in files_below(folder, SUFFIXES).files]


def ids(images):
    return [item.id for item in images.items]


@pytest.fixture
def photos(tmp_path):
    """Two classes of one image each."""
    write(tmp_path / "p", {"x/1.png": png(1), "y/2.png": png(2)})
    return tmp_path / "p"


def test_all_suffixes_that_torchvision_knows_are_images():
    from torchvision.datasets.folder import IMG_EXTENSIONS

    assert set(IMG_EXTENSIONS) <= SUFFIXES


@pytest.mark.parametrize("name", [".ipynb_checkpoints", "._1.png", ".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini"])
def test_what_systems_leave_behind_is_ignored(photos, name):
    assert is_hidden(name)
    write(photos, {f"{name}/z/3.png" if "." not in name[1:] else f"x/{name}": png(3)})
    write(photos, {f"x/{name}.d/3.png": png(3)} if name.startswith(".") else {})
    found = imagefolder(path=str(photos))
    assert (ids(found), found.class_names, found.counts) == (["x/1.png", "y/2.png"], ["x", "y"], {})


def test_linked_folders_and_files_are_followed(photos, tmp_path):
    write(tmp_path / "other", {"3.png": png(3), "deep/4.png": png(4)})
    (photos / "x" / "more").symlink_to(tmp_path / "other")
    (photos / "z").symlink_to(tmp_path / "other")
    (photos / "y" / "5.png").symlink_to(tmp_path / "other" / "3.png")
    found = imagefolder(path=str(photos))
    assert ids(found) == [
        "x/1.png", "x/more/3.png", "x/more/deep/4.png", "y/2.png", "y/5.png", "z/3.png", "z/deep/4.png",
    ]  # fmt: skip
    assert found.class_names == ["x", "y", "z"]


def test_loops_of_links_end(photos, tmp_path):
    (photos / "x" / "up").symlink_to(photos)
    (photos / "x" / "self").symlink_to(photos / "x")
    (photos / "again").symlink_to(photos)
    (photos / "y" / "to_x").symlink_to(photos / "x")
    (photos / "x" / "to_y").symlink_to(photos / "y")
    (photos / "y" / "itself").symlink_to("itself")
    assert [folder.name for folder in subfolders(photos)] == ["x", "y"]
    assert below(photos / "x") == ["1.png", "to_y/2.png"]
    assert below(photos / "y") == ["2.png", "to_x/1.png"]


def test_a_folder_with_an_image_s_name_is_a_folder(photos):
    write(photos, {"x/trap.jpg/3.png": png(3)})
    assert below(photos) == ["x/1.png", "x/trap.jpg/3.png", "y/2.png"]


def test_the_order_is_that_of_paths(tmp_path):
    write(tmp_path, dict.fromkeys(["b/1.png", "b.png", "b-c/1.png", "a/z.png", "B.png", "b/a/1.png"], png(1)))
    assert [tmp_path / name for name in below(tmp_path)] == sorted(tmp_path.rglob("*.png"))


def test_other_files_are_counted_with_their_suffixes(photos):
    others = ["x/a.avif", "x/b.jp2", "x/c", "y/d.txt", "y/deep/e.txt", "labels.csv"]
    write(photos, dict.fromkeys([*others, "loose.png"], b"?"))
    counts = imagefolder(path=str(photos)).counts
    assert counts == {
        "files that are no images (.txt, no suffix, .avif, .csv, ...)": 6,
        "images that lie in no class folder": 1,
    }


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.symlink_to("nowhere.png"), "a link to nothing"),
        (lambda path: path.symlink_to("z.png"), "a link to nothing"),
        (os.mkfifo, "a pipe, socket or device"),
    ],
)
def test_images_that_are_no_files_are_errors(photos, make, message):
    make(photos / "x" / "z.png")
    for read in (lambda: imagefolder(path=str(photos)), lambda: below(photos)):
        with pytest.raises(UserError, match=rf"x/z\.png: {message}; expected a file"):
            read()


@pytest.mark.parametrize("name", [b"\xff\xfe.png", b"\xff.txt", b"\xff"])
def test_names_that_are_not_utf_8_are_one_sentence(photos, name):
    path = os.path.join(os.fsencode(photos / "x"), name)
    if b"." in name:
        Path(os.fsdecode(path)).write_bytes(png(3))
    else:
        os.mkdir(path)
    with pytest.raises(UserError, match=r"named '\\xff.*', which is not UTF-8") as error:
        imagefolder(path=str(photos))
    str(error.value).encode()


def test_frames_come_in_the_order_of_their_numbers(tmp_path):
    names = ["2.png", "10.png", "1.png", "f02_b.png", "f2_a.png", "f10.png"]
    expected = ["1.png", "2.png", "10.png", "f02_b.png", "f2_a.png", "f10.png"]
    assert [path.name for path in in_order([tmp_path / name for name in names])] == expected


def test_folders_of_frames_count_what_they_leave_out(tmp_path):
    frames = {f"{name}/v/{i}.png": png(i) for name in "xy" for i in range(3)}
    write(tmp_path, frames | {"x/v/.hidden.png": b"", "x/v/notes.txt": b"", "x/loose.png": png(9), "readme": b""})
    found = frame_folders(path=str(tmp_path))
    assert [video.length() for video in found.items] == [3, 3]
    assert found.counts == {"images that lie in no video's folder": 1, "files that are no images (no suffix, .txt)": 2}
    write(tmp_path, {"y/v/clip/1.png": png(1)})
    with pytest.raises(UserError, match="y/v/clip: a folder inside of a video"):
        frame_folders(path=str(tmp_path))


def test_video_files_count_what_they_leave_out(tmp_path):
    pytest.importorskip("av")
    write(tmp_path, dict.fromkeys(["x/1.mp4", "x/deep/2.avi", "y/3.mp4", "x/n.txt", "loose.mp4", "y/._3.mp4"], b"?"))
    found = video_files(path=str(tmp_path))
    assert [video.id for video in found.items] == ["x/1", "x/deep/2", "y/3"]
    assert found.labels == [0, 0, 1]
    assert found.counts == {"files that are no videos of a class (.mp4, .txt)": 2}


def test_a_name_that_two_classes_have_is_not_guessed(tmp_path):
    pytest.importorskip("av")
    write(tmp_path, {"v/x/1.mp4": b"?", "v/y/1.mp4": b"?", "l.txt": "1.mp4\n"})
    with pytest.raises(UserError, match=r"l\.txt:1: lists '1\.mp4', a name that several classes have"):
        video_files(path=str(tmp_path / "v"), only=str(tmp_path / "l.txt"))


def test_parts_are_the_first_and_the_last_images_of_each_class_by_file_name(tmp_path):
    numbers = {"x": range(1, 12), "y": range(1, 6)}
    write(tmp_path, {f"{name}/{name}_{n}.png": png(n) for name, own in numbers.items() for n in own})
    found = imagefolder(path=str(tmp_path), split="test")
    # Of eleven images eight are for training: x_1, x_10, x_11, x_2, ..., x_6.
    assert ids(found) == ["x/x_7.png", "x/x_8.png", "x/x_9.png", "y/y_5.png"]
    assert (found.labels, found.class_names) == ([0, 0, 0, 1], ["x", "y"])
    for share in (0.2, 0.5, 0.7):
        parts = [imagefolder(path=str(tmp_path), split=part, train_share=share) for part in ("train", "test")]
        assert sorted(ids(parts[0]) + ids(parts[1])) == ids(imagefolder(path=str(tmp_path)))
        assert [label for label in parts[0].labels if label == 0] == [0] * int(11 * share)


def test_a_class_without_an_image_in_the_part_is_an_error(photos):
    with pytest.raises(UserError, match=r"x: no image for `split: train` among 1 by `train_share: 0\.5`"):
        imagefolder(path=str(photos), split="train", train_share=0.5)


@pytest.mark.parametrize("read", [imagefolder, frame_folders])
def test_a_file_where_a_folder_is_expected(tmp_path, read):
    (tmp_path / "p").write_bytes(b"")
    with pytest.raises(UserError, match="p: a file; expected a folder"):
        read(path=str(tmp_path / "p"))
    with pytest.raises(UserError, match="q: no such folder; expected a folder"):
        read(path=str(tmp_path / "q"))


def test_files_of_one_folder_are_not_looked_at_one_by_one(tmp_path, monkeypatch):
    write(tmp_path, {f"{i}.png": b"" for i in range(200)} | {"sub/1.png": b""})
    (tmp_path / "nothing.png").symlink_to("nowhere")
    looked_at = []
    real = os.path.isfile
    monkeypatch.setattr(os.path, "isfile", lambda path: looked_at.append(path) or real(path))
    folders = Folders()
    assert all(folders.is_file(tmp_path / f"{i}.png") for i in range(200))
    assert len(looked_at) < 20
    assert not any(folders.is_file(tmp_path / name) for name in ("sub", "none.png", "nothing.png", "sub/2.png"))
    assert [folders.problem(tmp_path / name) for name in ("sub", "none.png", "1.png")] == [
        "a folder",
        "no such file",
        "",
    ]


def test_files_in_a_folder_leave_its_folders_alone(photos):
    assert files_in(photos, SUFFIXES).files == []
    assert [path.name for path in files_in(photos / "x", SUFFIXES).files] == ["1.png"]
