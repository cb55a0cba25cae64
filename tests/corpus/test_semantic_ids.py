"""What `zsbench corpus semantic-ids` writes."""

import json

import numpy as np
import pytest

from zsbench.cli.corpus.semantic_ids import semantic_ids
from zsbench.core.errors import UserError
from zsbench.data.sessions.session import read_catalogue
from zsbench.methods.session_recommendation._ids import read_ids


@pytest.fixture
def items(tmp_path):
    (tmp_path / "items.jsonl").write_text("".join(json.dumps({"id": i, "text": "x"}) + "\n" for i in range(9)))
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(9, 4)))
    return tmp_path


def test_codes_of_every_item_in_order_and_the_same_again(items, capsys):
    found = []
    for name in ("a", "b"):
        semantic_ids(items / "items.jsonl", items / name, embeddings=items / "v.npy", levels=2, k=3)
        found.append([json.loads(line) for line in (items / name).open()])
    assert found[0] == found[1]
    assert [row["_id"] for row in found[0]] == [str(i) for i in range(9)]
    for level in range(2):
        assert np.bincount([row["codes"][level] for row in found[0]]).tolist() == [3, 3, 3]
    assert "share all 2 codes" in capsys.readouterr().err


def test_more_clusters_than_items_are_refused(items):
    with pytest.raises(UserError, match="10 clusters of 9 items"):
        semantic_ids(items / "items.jsonl", items / "o", embeddings=items / "v.npy", k=10)


def test_the_item_files_of_sessions_are_read_with_and_without_texts(tmp_path):
    items = tmp_path / "items.jsonl"
    items.write_text('{"item": "a"}\n{"item": 7, "text": ""}\n{"_id": "b", "text": "x"}\n')
    np.save(tmp_path / "v.npy", np.eye(3))
    semantic_ids(items, tmp_path / "o", embeddings=tmp_path / "v.npy", levels=1, k=3)
    rows = [json.loads(line) for line in (tmp_path / "o").open()]
    assert {row["_id"] for row in rows} == {"a", "7", "b"}
    # What the catalogue of a task reads: the same names.
    assert read_ids(tmp_path / "o", list(read_catalogue(items)), "<{level}_{code}>").keys() == {"a", "7", "b"}
    # A model has nothing to read of an item without a text.
    with pytest.raises(UserError, match=r"items\.jsonl:1: .*a text under text or doctext or contents"):
        semantic_ids(items, tmp_path / "o", model="encoder-synonyms", levels=1, k=3)
