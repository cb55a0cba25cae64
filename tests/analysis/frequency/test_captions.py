"""Captions are the same in whatever kind of file they come, and what is wrong with a file is said where it is."""

import csv
import gzip
import io
import json
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.text_variants import zstandard
from zsbench.analysis.frequency.counting import captions
from zsbench.analysis.frequency.counting.captions import Columns
from zsbench.analysis.frequency.counting.concepts import read_concepts
from zsbench.core.errors import UserError

TEXTS = ["a dog", None, 'fire "truck", red', "café"]
IDS = ["1", "2", "3", "x"]


def table(delimiter):
    out = io.StringIO()
    rows = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    rows.writerows([["key", "Caption"], *zip(IDS, [text or "" for text in TEXTS], strict=True)])
    return out.getvalue().encode()


def lines():
    rows = ({"key": key, "Caption": text} for key, text in zip(IDS, TEXTS, strict=True))
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet(**columns):
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


SAMPLES = {
    f"{key}.{suffix}": content
    for key, text in zip(IDS, TEXTS, strict=True)
    for suffix, content in {"jpg": b"\xff", "txt": (text or "").encode()}.items()
    if suffix == "jpg" or text is not None
}
FILES = {
    "c.parquet": parquet(key=IDS, Caption=TEXTS),
    "c.csv": table(","),
    "c.tsv.gz": gzip.compress(table("\t")),
    "c.jsonl": lines(),
    "c.jsonl.gz": gzip.compress(lines()),
    "c.jsonl.zst": zstandard(lines()),
    "c.tar": tar(SAMPLES),
}


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file(name, size, tmp_path):
    path = write(tmp_path, name, FILES[name])
    found = list(captions.blocks(path, Columns(id=None if name == "c.tar" else "key"), size))
    assert [caption for block in found for caption in block.captions] == TEXTS
    assert [key for block in found for key in block.ids] == IDS
    assert captions.expected_number(path) in (None, 4, 5)


def test_lines_of_text_are_captions_and_empty_ones_too(tmp_path):
    path = write(tmp_path, "c.txt.zst", zstandard("a dog\n\ncafé".encode()))
    assert [caption for block in captions.blocks(path) for caption in block.captions] == ["a dog", "", "café"]


def test_a_table_without_a_header_is_read_by_numbers(tmp_path):
    path = write(tmp_path, "c.tsv", b"a dog\thttp://x\nowl\thttp://y\n")
    (block,) = captions.blocks(path, Columns("0", "1"))
    assert (block.captions, block.ids) == (["a dog", "owl"], ["http://x", "http://y"])


def test_captions_that_are_parsed(tmp_path):
    document = [["dog", "NOUN"], ["run", "VERB"]]
    for name, content in {
        "c.jsonl": json.dumps({"caption": document}).encode(),
        "d.parquet": parquet(caption=[document]),
    }.items():
        (block,) = captions.blocks(write(tmp_path, name, content))
        assert block.captions == [document]


BAD = {
    "c.csv": (b"url\nx\n", {}, "c.csv:1: no column of captions; expected one of caption, text, alt_text; columns: url"),
    "d.csv": (b"captions\nx\n", {"caption": "caption"}, "d.csv:1: no column 'caption'; did you mean 'captions'"),
    "e.csv": (b"caption,id\nx\n", {}, "e.csv:2: 1 column under a header of 2"),
    "c.jsonl": (b'{"caption": "x"}\n{"text": 1}\n', {}, "c.jsonl:2: key 'caption' is missing"),
    "d.jsonl": (b'{"caption": 3}\n', {}, "d.jsonl:1: caption 3; expected a text, null, or"),
    "e.jsonl": (b'{"caption": "x", "id": null}\n', {"id": "id"}, "e.jsonl: id None; expected a text or a whole"),
    "f.jsonl.gz": (gzip.compress(lines())[:-9], {}, "f.jsonl.gz:5: the gzip data end too early"),
    "g.jsonl.zst": (zstandard(lines())[:-9], {}, "g.jsonl.zst:1: the zstandard data end too early"),
    "h.txt": (b"ok\n\xff\n", {}, "h.txt:2: byte 0xff is not UTF-8"),
    "i.parquet": (FILES["c.parquet"][:-20], {}, "i.parquet: damaged, or not a parquet file"),
    "j.parquet": (
        parquet(caption=pa.Array.from_buffers(pa.string(), 2, pa.array([b"ok", b"\xff"]).buffers())),
        {},
        "j.parquet: one of the rows 0 to 4095: byte 0xff is not UTF-8",
    ),
    "k.tar": (tar({"a.txt": b"ok", "b.txt": b"\xff"}), {}, "k.tar: b.txt:1: byte 0xff is not UTF-8"),
    "l.tar": (tar({"a.txt": b"x" * 2000})[:1000], {}, "l.tar: (not a tar file, or damaged|ends within member)"),
    "m.tar": (FILES["c.tar"], {"id": "id"}, "--id: m.tar has no columns"),
    "n.txt": (b"x\n", {"caption": "text"}, "--column: n.txt has no columns"),
    "o.tsv": (b"x\ty\nz\n", {"caption": "1"}, "o.tsv:2: 1 column; expected a column 1, counted from 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_where_it_is(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content, columns, message = BAD[name]
    path = write(tmp_path, name, content)
    with pytest.raises(UserError, match=message):
        list(captions.blocks(path, Columns(**columns)))


def test_a_tar_without_its_end_is_counted(tmp_path):
    path = write(tmp_path, "c.tar", tar({"a.txt": b"x"})[:1024])
    (block,) = captions.blocks(path)
    assert block.captions == ["x"]
    assert block.left_out == {"shards that stop without tar's end mark": 1}


def test_which_files_are_shards(tmp_path):
    for name in ("b/c.jsonl.gz", "b/notes.md", "a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    shards = captions.shards_of([tmp_path / "b", tmp_path / "a.txt"])
    assert [path.name for path in shards] == ["c.jsonl.gz", "a.txt"]
    (tmp_path / "none").mkdir()
    for paths, message in (
        ([tmp_path / "none"], "a folder without captions"),
        ([tmp_path / "x.txt"], "no such file"),
        ([tmp_path / "b/notes.md"], "a file '.md'"),
        ([tmp_path / "a.txt", tmp_path], "a.txt: named twice"),
    ):
        with pytest.raises(UserError, match=message):
            captions.shards_of(paths)


def test_forms_of_concepts(tmp_path):
    for name, content, names in (
        ("c.txt", "dog \ncafé\ndog\n\n", {"dog": ["dog"], "café": ["café"]}),
        ("c.json", '["dog", "owl"]', {"dog": ["dog"], "owl": ["owl"]}),
        ("d.json", '{"dog": ["hound", "dog", "hound"], "owl": []}', {"dog": ["hound", "dog"], "owl": ["owl"]}),
    ):
        concepts = read_concepts(write(tmp_path, name, content.encode()))
        assert concepts.names == names
        assert concepts.repeated == (["dog"] if name == "c.txt" else [])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.txt", "dog\n\nowl\n", "c.txt:2: an empty concept"),
        ("c.json", '["dog", " "]', "c.json: entry 1: an empty concept"),
        ("c.json", '{"dog": [""]}', "c.json: an empty synonym of 'dog'"),
        ("c.json", '{\n"a": [],\n"dog": "hound"}', "c.json:3: concept 'dog' has 'hound'; expected a list of synonyms"),
        ("c.json", '{"a": [], "a": []}', "key 'a' stands twice"),
        ("c.json", "[3]", "c.json: entry 0: 3, no text"),
        ("c.json", "3", "c.json: a whole number"),
        ("c.txt", "\n", "c.txt: no concepts"),
    ],
)
def test_concepts_that_are_none(name, content, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        read_concepts(write(tmp_path, name, content.encode()))
