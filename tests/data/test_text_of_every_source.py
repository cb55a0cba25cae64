"""Every source that reads text gives the same data in whatever shape the text comes, and names what is damaged.

A new source has a case here, or stands in NO_TEXT with the reason why it reads none.
"""

import dataclasses
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.text_variants import BAD, GOOD
from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.data.collections.stored import Stored

CORPUS = '{"_id": "d1", "title": "Ä", "text": "a cat"}\n{"_id": "d2", "title": "", "text": "a dog"}\n'
QUERIES = '{"_id": "q1", "text": "cat?"}\n{"_id": "q2", "text": "dog?"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n"
TREC = "q1 0 d1 1\nq2 0 d2 2\n"
PAIRS = "q1\tcat?\nq2\tdog?\n"
ISSUE = '{"id": "i", "query": "broken", "candidates": [{"id": "a.py/f", "text": "def f"}], "gold": ["a.py/f"]}\n'
CONVERSATION = (
    '{"id": "1", "conversations": [{"from": "human", "value": "Text: now Zoë, e-mail"}, {"from": "gpt", "value": "Yes."}, '
    '{"from": "human", "value": "What describes PER in the text?"}, {"from": "gpt", "value": "[\\"Zoë,\\"]"}]}\n'
)

# name: (text files and their content, options; those that name a file are relative to the folder)
CASES = {
    "associations": ({"a.jsonl": '{"id": "1", "cue": "é", "images": ["a.png", "b.png"], "associations": [1]}\n'}, {"path": "a.jsonl"}),
    "beir": ({"corpus.jsonl": CORPUS, "queries.jsonl": QUERIES, "qrels/test.tsv": QRELS}, {"path": "."}),
    "caption-choices": ({"c.jsonl": '{"id": "1", "images": ["a.png"], "captions": ["é", "b"]}\n'}, {"path": "c.jsonl"}),
    "caption-table": ({"c.csv": 'path,caption\na.png,"a cat, grün"\nb.png,a dog\n'}, {"path": "c.csv"}),
    "conll": ({"c.txt": "Zoë B-PER\nran O\n\nBonn B-LOC\n"}, {"path": "c.txt"}),
    "coop-split": (
        {"s.json": '{"train": [["a.png", 0, "café"]],\n"val": [["b.png", 1, "dog"]],\n"test": [["a.png", 0, "café"]]}\n'},
        {"path": "s.json", "images": "."},
    ),
    "depth-frames": (
        {"f.jsonl": '{"rgb": "a.png", "depth": "b.png", "depth_scale": 1000}\n', "k.json": "[1, 1, 4,\n4]\n"},
        {"path": "f.jsonl", "intrinsics": "k.json"},
    ),
    "gliner-json": ({"g.jsonl": '{"tokenized_text": ["Zoë", "ran"], "ner": [[0, 0, "PER"]]}\n'}, {"path": "g.jsonl"}),
    "image-table": ({"t.csv": "path,label\na.png,café\nb.png,dog\n"}, {"path": "t.csv"}),
    "instructuie-json": (
        {"u.jsonl": '{"sentence": "Zoë ran, e-mail", "entities": [{"name": "Zoë", "type": "PER", "pos": [0, 3]}]}\n'},
        {"path": "u.jsonl"},
    ),
    "interactions": (
        {"r.csv": "userId,movieId,timestamp\nu,1,5\nu,2,9\n", "m.csv": 'movieId,title\n1,"Æon, Flux"\n2,Heat\n'},
        {"path": "r.csv", "items": "m.csv"},
    ),
    "issue-folders": (
        {
            "x/corpus.jsonl": '{"_id": "a.py/f", "title": "", "text": "def é"}\n',
            "x/queries.jsonl": '{"_id": "q", "text": "broken"}\n',
            "x/qrels/test.tsv": "query-id\tcorpus-id\tscore\nq\ta.py/f\t1\n",
        },
        {"path": ".", "prefix": "x"},
    ),
    "issue-functions": ({"i.jsonl": ISSUE}, {"path": "i.jsonl"}),
    "jsonl-sentences": (
        {"s.jsonl": '{"id": "a", "tokens": ["Zoë"], "spans": [[0, 0, "PER"]]}\n{"text": "ran, e-mail", "spans": []}\n'},
        {"path": "s.jsonl"},
    ),
    "karpathy": (
        {"k.json": '{"images": [{"filename": "a.png",\n"split": "test", "sentences": [{"raw": "a café"}]}]}\n'},
        {"path": "k.json", "images": "."},
    ),
    "product-values": (
        {
            "p.jsonl": '{"id": "1", "text": "a café", "values": ["Kind: café", "Size: M"]}\n',
            "v.txt": "Size: M\nKind: café\n",
            "u.json": '["Kind: café"]\n',
        },
        {"path": "p.jsonl", "candidates": "v.txt", "unseen": "u.json"},
    ),
    "question-answers": (
        {"q.csv": "who?\t['é']\nwhat?\t['dog']\n", "p.tsv": 'id\ttext\ttitle\n1\t"a ""big"" cat"\tA\n2\tb\tÄ\n'},
        {"questions": "q.csv", "passages": "p.tsv"},
    ),
    "session-log": (
        {
            "s.jsonl": '{"user": "u", "history": ["1"], "target": ["2"]}\n',
            "i.jsonl": '{"item": "1", "text": "é"}\n{"item": "2", "text": "b"}\n',
        },
        {"path": "s.jsonl", "items": "i.jsonl"},
    ),
    "text-table": ({"t.jsonl": '{"id": "a", "text": "é", "label": "x"}\n{"id": "b", "text": "b", "label": "y"}\n'}, {"path": "t.jsonl"}),
    "trec": (
        {"q": TREC, "t.tsv": PAIRS, "d.tsv": "d1\tä cat\nd2\ta dog\n"},
        {"qrels": "q", "topics": "t.tsv", "documents": "d.tsv"},
    ),
    "tsv": (
        {"c.tsv": "d1\tä cat\nd2\ta dog\twith a tab\n", "t.tsv": PAIRS, "q": TREC},
        {"collection": "c.tsv", "queries": "t.tsv", "qrels": "q"},
    ),
    "universal-ner-json": ({"u.jsonl": CONVERSATION}, {"path": "u.jsonl"}),
    "webdataset": (
        {"classnames.txt": "café\ndog\n", "zeroshot_classification_templates.txt": "a {c}\nthe {c}\n"},
        {"path": "."},
    ),
}  # fmt: skip

NO_TEXT = {
    "digits": "ships with scikit-learn",
    "features": "arrays",
    "labelled-features": "arrays",
    "score-matrix": "arrays; its list of unseen values is read as product-values reads it",
    "view-logits": "arrays",
    "video-arrays": "arrays",
    "point-clouds": "arrays",
    "frame-folders": "images alone",
    "imagefolder": "images alone",
    "torchvision": "torchvision reads its own formats",
    "parquet-images": "parquet",
    "hf-datasets": "`datasets` reads its own formats",
    "hf-captions": "`datasets` reads its own formats",
    "hf-ner": "`datasets` reads its own formats",
    "hf-collection": "`datasets` reads its own formats",
    "hf-texts": "`datasets` reads its own formats",
    "ir-datasets": "ir_datasets reads its own formats",
    "ir-datasets-answers": "the file of questions is read as question-answers reads it",
    "video-files": "needs videos; its list of names is tested below",
    "webdataset-captions": "captions lie in the shards; tested below",
}


@pytest.fixture
def folder(tmp_path):
    """A folder with the images and shards that cases name."""
    for name, shade in (("a.png", 9), ("b.png", 90)):
        Image.fromarray(np.full((8, 8), shade, dtype=np.uint16)).save(tmp_path / name)
    (tmp_path / "test").mkdir()
    shard(tmp_path / "test" / "0.tar", {"a.png": (tmp_path / "a.png").read_bytes(), "a.cls": b"1"})
    return tmp_path


def shard(path, members):
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def built(name, folder):
    """Return everything that a source gives, as plain values."""
    files, options = CASES[name]
    known = {*files, "."}
    paths = {key: str(folder / value) if value in known else value for key, value in options.items()}
    return plain(catalog.load_component("data", name)(**paths))


def plain(value):
    if isinstance(value, Stored):
        return plain(dict(value))
    if isinstance(value, Mapping):
        return [(key, plain(own)) for key, own in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(own) for own in value]
    if dataclasses.is_dataclass(value):
        return [(field.name, plain(getattr(value, field.name))) for field in dataclasses.fields(value)]
    return None if callable(value) else value


def test_every_source_has_a_case_or_a_reason():
    assert {*CASES, *NO_TEXT} == set(catalog.own_components("data"))
    assert not CASES.keys() & NO_TEXT.keys()


def written(name, folder):
    for file, text in CASES[name][0].items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


EVERY_FILE = [(name, file) for name, (files, _) in CASES.items() for file in files]


@pytest.mark.parametrize("shape", GOOD)
@pytest.mark.parametrize(("name", "file"), EVERY_FILE)
def test_the_shape_of_a_file_changes_nothing(name, file, shape, folder):
    written(name, folder)
    expected = built(name, folder)
    (folder / file).write_bytes(GOOD[shape](CASES[name][0][file].encode()))
    assert built(name, folder) == expected


@pytest.mark.parametrize("damage", BAD)
@pytest.mark.parametrize(("name", "file"), EVERY_FILE)
def test_a_damaged_file_is_named_with_the_line(name, file, damage, folder, monkeypatch):
    monkeypatch.chdir(folder)
    written(name, folder)
    damaged, message = BAD[damage]
    (folder / file).write_bytes(damaged(CASES[name][0][file].encode()))
    with pytest.raises(UserError, match=message) as error:
        built(name, folder)
    assert str(error.value).startswith(f"{file}:"), error.value
    assert str(error.value)[len(file) + 1].isdigit(), error.value
    assert "Errno" not in str(error.value)


@pytest.mark.parametrize(("name", "file"), [pair for pair in EVERY_FILE if Path(pair[1]).suffix in (".json", ".jsonl")])
def test_half_a_character_in_json_is_named_with_the_line(name, file, folder, monkeypatch):
    monkeypatch.chdir(folder)
    written(name, folder)
    text = CASES[name][0][file]
    if text.startswith("["):
        text = '{"f":\n[1, 1, 4, 4]}\n'
    (folder / file).write_text(text.replace('{"', '{"\\ud800": 0, "', 1))
    with pytest.raises(UserError, match=r"'\\ud800', half of a character") as error:
        built(name, folder)
    assert str(error.value).startswith(f"{file}:1:")


@pytest.mark.parametrize(("name", "file"), EVERY_FILE)
def test_a_folder_in_the_place_of_a_file_is_said_in_words(name, file, folder):
    written(name, folder)
    (folder / file).unlink()
    (folder / file).mkdir()
    with pytest.raises(UserError, match=r"a folder|no such file") as error:
        built(name, folder)
    assert "Errno" not in str(error.value)


def test_captions_in_shards(folder):
    image, read = (folder / "a.png").read_bytes(), catalog.load_component("data", "webdataset-captions")
    for text, expected in ((b"a caf\xc3\xa9\nb\n", ["a café", "b"]), (b"\xef\xbb\xbfa\r\nb", ["a", "b"])):
        shard(folder / "test" / "0.tar", {"x.png": image, "x.txt": text})
        assert list(read(path=str(folder)).captions) == [expected]
    shard(folder / "test" / "0.tar", {"x.png": image, "x.txt": b"a\nb\xff\n"})
    with pytest.raises(UserError, match=r"0\.tar: x\.txt:2: byte 0xff is not UTF-8"):
        read(path=str(folder))
