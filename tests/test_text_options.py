"""Files of text that options name (class names, prompts, docids, heads ...): the same in every shape, damage named."""

import dataclasses
import json
from pathlib import Path

import pytest

from tests.data.text_variants import BAD, GOOD
from zsbench.analysis.prompt_bounds import read_prompts
from zsbench.core import textfiles, yamlio
from zsbench.core.errors import UserError
from zsbench.corpus.files import read_documents, read_pairs
from zsbench.data.class_distances import read_distances, read_edges
from zsbench.data.collections.judgements import read_qrels, read_run
from zsbench.data.products.product import read_values
from zsbench.data.sessions.session import read_catalogue
from zsbench.methods.classification import _s3a_phrases, _texts, caps, greedy_prompts
from zsbench.methods.rerank import heads
from zsbench.methods.session_recommendation._ids import read_ids
from zsbench.tasks.base import read_names
from zsbench.tasks.classification import classes
from zsbench.tasks.formats import prediction_tables
from zsbench.tasks.generative_retrieval.generative_retrieval import read_docids
from zsbench.tasks.text_classification import further_texts


@dataclasses.dataclass
class Item:
    id: str


HEADS = {
    "heads": [[0, 1]], "rule": "contrastive", "task": "é", "model": "m", "model_fingerprint": "f",
    "data_fingerprint": "f", "queries": {"q": "é"}, "options": {}, "scores": [[0.5, 1.0]],
}  # fmt: skip

# name: (file, its text, what reads it)
READERS = {
    "class names": ("c.txt", "café\ndog\n", lambda path: read_names(str(path), Path(), "t.yaml:1")),
    "class names in JSON": ("c.json", '["café",\n"dog"]\n', lambda path: read_names(str(path), Path(), "t.yaml:1")),
    "class map": ("m.tsv", "n1\tcafé\nn2\tdog\n", classes.read_map),
    "class map with commas": ("m.csv", "n1,café\nn2,dog\n", classes.read_map),
    "class map in JSON": ("m.json", '{"n1": "café",\n"n2": "dog"}\n', classes.read_map),
    "templates": ("t.txt", "a {} café\nthe {}\n", lambda path: _texts.read_lines(str(path))),
    "descriptions": ("d.json", '{"cat": ["é"],\n"dog": ["b"]}\n', lambda path: _texts.read_sentences(str(path))),
    "descriptions in a folder": ("f/cat.txt", "é\nb\n", lambda path: _texts.read_sentences(str(path.parent))),
    "other names": ("n.json", '{"cat": "é",\n"dog": "b"}\n', lambda path: _texts.read_names(str(path))),
    "tokens": ("w.txt", "é\nb\n", lambda path: greedy_prompts.words(str(path))),
    "captions": ("c.json", '{"1": "é",\n"2": "b"}\n', lambda path: caps.read_captions(path, [Item("1"), Item("2")])),
    "phrases": ("p.json", '{"0": {"cat":\n{"é": 1}}}\n', lambda path: _s3a_phrases.read_phrases(path, ["0"], ["cat"])),
    "keywords": ("k.json", '{"cat": ["é"],\n"dog": ["b"]}\n', further_texts.read_keywords),
    "prompts": ("p.json", '{"cat": "é",\n"dog": ["b"]}\n', read_prompts),
    "docids": ("d.json", '{"d1": "é",\n"d2": [1, 2]}\n', read_docids),
    "semantic ids": ("i.jsonl", '{"item": "é", "codes": [1]}\n', lambda path: read_ids(path, ["é"], "<{code}>")),
    "heads": ("h.json", json.dumps(HEADS, indent=1, ensure_ascii=False) + "\n", lambda path: heads.read(str(path))),
    "edges": ("e.txt", "café\troot\ndog\troot\n", read_edges),
    "distances": ("d.csv", "0,1\n1,0\n", lambda path: read_distances(path, ["a", "b"]).tolist()),
    "attribute values": ("v.txt", "Kind: café\nSize: M\n", read_values),
    "attribute values in JSON": ("v.json", '["Kind: café",\n"Size: M"]\n', read_values),
    "catalogue": ("i.jsonl", '{"item": "1", "text": "é"}\n', read_catalogue),
    "corpus": ("c.jsonl", '{"_id": "1", "text": "é"}\n', read_documents),
    "pairs": ("p.jsonl", '{"query": "é", "doc_id": "1"}\n', lambda path: read_pairs(path, ["1"])),
    "judgements": ("q", "q1 0 d1 1\nq2 0 é 0\n", read_qrels),
    "run": ("r", "q1 Q0 d1 1 2.5 x\nq1 Q0 é 2 1.5 x\n", read_run),
    "table of predictions": ("p.csv", 'id,scores\né,"[1, 2]"\n', lambda p: list(prediction_tables.read(p, ["id", "scores"]))),
    "predictions in JSON lines": ("p.jsonl", '{"id": "é"}\n', lambda p: list(prediction_tables.read(p, ["id"]))),
    "YAML": ("t.yaml", "type: é\nlist:\n  - 1\n", lambda path: yamlio.read(path).value),
    "template of a chat": ("c.jinja", "{{ a }}\n{{ b }} é\n", lambda path: textfiles.read(path).rstrip("\n")),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, file, raw):
    path = folder / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("shape", GOOD)
@pytest.mark.parametrize("name", READERS)
def test_the_shape_of_a_file_changes_nothing(name, shape, folder):
    file, text, read = READERS[name]
    expected = read(write(folder, file, text.encode()))
    assert expected
    assert read(write(folder, file, GOOD[shape](text.encode()))) == expected


@pytest.mark.parametrize("damage", BAD)
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_named_with_the_line(name, damage, folder):
    file, text, read = READERS[name]
    damaged, message = BAD[damage]
    with pytest.raises(UserError, match=message) as error:
        read(write(folder, file, damaged(text.encode())))
    assert str(error.value).startswith(f"{file}:"), error.value
    assert str(error.value)[len(file) + 1].isdigit(), error.value


@pytest.mark.parametrize("name", READERS)
def test_a_folder_or_nothing_in_the_place_of_a_file_is_said_in_words(name, folder):
    file, _, read = READERS[name]
    path = folder / file
    if name != "descriptions in a folder":
        with pytest.raises(UserError, match="no such file") as error:
            read(path)
        assert "Errno" not in str(error.value)
    path.mkdir(parents=True)
    with pytest.raises(UserError, match=r"a folder|no such file|no \.txt files") as error:
        read(path)
    assert "Errno" not in str(error.value)
