"""Samples of tar shards: which members belong together, what is refused and what is counted."""

import gzip
import io
import tarfile

import pytest

from tests.data.builders import png, shard
from zsbench.core.errors import UserError
from zsbench.data.captions.webdataset_captions import webdataset_captions
from zsbench.data.images.webdataset import webdataset

PNG = png(1)


def read(folder, *shards, **options):
    for number, members in enumerate(shards):
        shard(folder / "test" / f"{number}.tar", members)
    return webdataset(path=str(folder), **options)


def ids(images):
    return [item.id for item in images.items]


def raw(path, *entries):
    """Write a tar file of (TarInfo, bytes)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for entry, data in entries:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def test_the_key_ends_at_the_first_dot_of_the_base_name(tmp_path):
    found = read(
        tmp_path,
        {"./v1.0/0.png": PNG, "./v1.0/0.cls": b"1", "v1.0/1.PNG": PNG, "v1.0/1.cls": b"0", "v1.0/1.seg.png": PNG},
    )
    assert ids(found) == ["v1.0/0", "v1.0/1"]
    assert found.labels == [1, 0]
    shard(tmp_path / "c" / "0.tar", {f"a.b/{i}.{s}": d for i in range(3) for s, d in (("jpg", PNG), ("txt", b"a"))})
    assert len(webdataset_captions(path=str(tmp_path), split="c").items) == 3


def test_numbering_may_restart_in_every_shard(tmp_path):
    parts = {"0.png": PNG, "0.cls": b"0"}
    assert ids(read(tmp_path, parts, {"1.png": PNG, "1.cls": b"1"})) == ["0", "1"]
    found = read(tmp_path, parts, {"0.png": png(2), "0.cls": b"1"})
    assert (ids(found), found.labels) == (["0/0", "1/0"], [0, 1])
    assert found.items[0].open().tobytes() != found.items[1].open().tobytes()


def test_a_member_that_stands_twice_is_an_error(tmp_path):
    entries = [(tarfile.TarInfo(name), data) for name, data in (("0.png", PNG), ("0.cls", b"0"), ("0.png", PNG))]
    raw(tmp_path / "test" / "0.tar", *entries)
    with pytest.raises(UserError, match=r"0\.tar: member '0\.png' stands twice"):
        webdataset(path=str(tmp_path))
    with pytest.raises(UserError, match="sample '0' has 2 images"):
        read(tmp_path, {"0.png": PNG, "0.jpg": PNG, "0.cls": b"0"})


@pytest.mark.parametrize(
    ("text", "label"),
    [('{"cls": 1}', 1), ('{"label": 2, "caption": "x"}', 2), ("3", 3), ('{"label": [0, 2]}', [0, 2])],
)
def test_labels_in_json(tmp_path, text, label):
    found = read(tmp_path, {"0.png": PNG, "0.json": text.encode(), "1.png": PNG, "1.json": text.encode()})
    assert found.labels == [label] * 2


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"0.png": PNG}, r"image '0' has no \.cls member"),
        ({"0.png": PNG, "0.json": b'{"caption": "x"}'}, r"image '0' has no \.cls member"),
        ({"0.jpeg2000": PNG, "0.cls": b"1"}, r"sample '0' has no image \(\.jpeg2000, \.cls\)"),
        ({"readme.md": b"?"}, "no image in the shards"),
    ],
)
def test_images_without_labels_and_labels_without_images_are_errors(tmp_path, members, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, members)


def test_captions_without_images_are_errors(tmp_path):
    shard(tmp_path / "test" / "0.tar", {"0.png": PNG, "0.txt": b"a", "1.txt": b"b"})
    with pytest.raises(UserError, match=r"sample '1' has no image \(\.txt\)"):
        webdataset_captions(path=str(tmp_path))


def test_hidden_members_are_ignored_and_others_counted(tmp_path):
    parts = {"0.png": PNG, "0.cls": b"0"}
    found = read(tmp_path, parts | {"._0.png": b"?", "__MACOSX/0.png": b"?", "a/.b/0.png": b"?", "read.me": b"?"})
    assert (ids(found), found.counts) == (["0"], {"members of shards that belong to no image": 1})


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_errors(tmp_path, kind):
    entry = tarfile.TarInfo("1.png")
    entry.type, entry.linkname = kind, "0.png"
    raw(tmp_path / "test" / "0.tar", (tarfile.TarInfo("0.png"), PNG), (tarfile.TarInfo("0.cls"), b"0"), (entry, b""))
    with pytest.raises(UserError, match=r"member '1\.png' is (a link to '0\.png'|no regular file); expected files"):
        webdataset(path=str(tmp_path))


@pytest.mark.parametrize("name", ["0.tar", "0.tar.gz", "0.tgz"])
def test_compressed_shards_are_found_by_content(tmp_path, name):
    shard(tmp_path / "0.tar", {"0.png": PNG, "0.cls": b"0"})
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / name).write_bytes(gzip.compress((tmp_path / "0.tar").read_bytes()))
    with pytest.raises(UserError, match=r"compressed \(gzip\); expected a plain \.tar"):
        webdataset(path=str(tmp_path))


def test_shards_that_go_on_or_stop_short(tmp_path):
    path = tmp_path / "test" / "0.tar"
    members = {f"{i}.{s}": d for i in range(3) for s, d in (("png", PNG), ("cls", b"0"))}
    assert len(read(tmp_path, members).items) == 3
    whole = path.read_bytes()
    end = whole.rindex(b"2.cls") + 1024
    path.write_bytes(whole[: end - 1024 - 300])
    with pytest.raises(UserError, match=r"0\.tar: (not a tar file, or damaged|what follows byte \d+ is no member)"):
        webdataset(path=str(tmp_path))
    path.write_bytes(whole[: end - 1024] + b"x" * 1024 + whole[end:])
    with pytest.raises(UserError, match=r"what follows byte \d+ is no member"):
        webdataset(path=str(tmp_path))
    path.write_bytes(whole + whole)
    with pytest.raises(UserError, match=r"what follows byte \d+ is no member"):
        webdataset(path=str(tmp_path))
    path.write_bytes(whole[:end])
    assert webdataset(path=str(tmp_path)).counts == {"shards that stop without tar's end mark": 1}


def test_names_that_are_not_utf_8_are_one_sentence(tmp_path):
    shard(tmp_path / "test" / "0.tar", {"\udcff.png": PNG, "\udcff.cls": b"0"})
    with pytest.raises(UserError, match=r"0\.tar: a file or folder named '\\xff\.png', which is not UTF-8"):
        webdataset(path=str(tmp_path))


def test_splits_that_are_not_there(tmp_path):
    read(tmp_path, {"0.png": PNG, "0.cls": b"0"})
    for split in ("train", "te*"):
        with pytest.raises(UserError, match=r"no \.tar shards"):
            webdataset(path=str(tmp_path), split=split)


def test_shards_in_deeper_folders_belong_to_the_split(tmp_path):
    for number in range(2):
        shard(tmp_path / "test" / f"part{number}" / "0.tar", {"0.png": PNG, "0.cls": b"0"})
    assert ids(webdataset(path=str(tmp_path))) == ["part0/0/0", "part1/0/0"]
