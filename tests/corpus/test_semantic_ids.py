"""What `zsbench corpus semantic-ids` writes."""

import json

import numpy as np
import pytest

from zsbench.cli.corpus.semantic_ids import semantic_ids
from zsbench.core.errors import UserError


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
