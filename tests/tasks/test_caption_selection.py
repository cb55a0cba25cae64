"""Caption selection: the reference's scores, ties, and a run over a file of groups."""

import json

import numpy as np
import pytest

from tests.reference._golden import load_npz
from tests.test_cli import zsbench
from zsbench.config.paths import ASSETS
from zsbench.methods.classification import normalise
from zsbench.metrics import naming

GOLDEN = load_npz("clip", "caption_selection.npz")


@pytest.mark.skipif(not GOLDEN, reason="the folder holds no caption_selection.npz")
def test_scores_equal_the_reference():
    image, text = normalise(GOLDEN["image_embeddings"]), normalise(GOLDEN["text_embeddings"])
    tables = list(np.einsum("nid,nkd->nik", image, text))
    for name, key in (("image-score", "image_acc"), ("text-score", "text_acc"), ("group-score", "acc")):
        assert naming.resolve(name).compute(tables, [None] * len(tables)) == pytest.approx(GOLDEN[key], abs=1e-6)


def test_ties_are_wrong_and_distractors_have_no_pair():
    tied, one_image = [[0.5, 0.5]], [[0.9, 0.1]]
    assert naming.resolve("text-score").compute([tied, one_image], [None, None]) == 0.5
    assert naming.resolve("image-score").compute([one_image], [None]) == 1
    with pytest.raises(ValueError, match="NaN"):
        naming.resolve("text-score").compute([[[np.nan, 0.0]]], [None])


def test_a_file_of_groups_end_to_end(tmp_path):
    folder = ASSETS / "data" / "glyph-captions"
    names = [("digit-one", "digit two"), ("digit-two", "digit one"), ("heart", "star"), ("arrow", "moon")]
    groups = [
        {
            "id": f"g{i}",
            "images": [f"{a}-1.png"],
            "captions": [f"a photo of a {a.replace('-', ' ')}", f"a photo of a {b}"],
        }
        for i, (a, b) in enumerate(names)
    ]
    (tmp_path / "groups.jsonl").write_text("\n".join(map(json.dumps, groups)))
    (tmp_path / "t.yaml").write_text(
        "description: which glyph\ntype: caption-selection\nmetrics: [text-score]\n"
        f"data: {{source: caption-choices, path: groups.jsonl, root: {folder}}}\n"
    )
    done = zsbench("eval", "t.yaml", "--model", "clip-glyphs", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [row] = json.loads(done.stdout)["suites"][0]["rows"]
    assert row["value"] == 1
    judged = zsbench("score", "t.yaml", "--predictions", "runs", "--json", cwd=tmp_path)
    assert json.loads(judged.stdout)["rows"][0]["value"] == 1, judged.stderr
    (tmp_path / "groups.jsonl").write_text(json.dumps(groups[0] | {"images": ["none.png"]}))
    done = zsbench("validate", "t.yaml", cwd=tmp_path)
    done = zsbench("eval", "t.yaml", "--model", "clip-glyphs", cwd=tmp_path)
    assert done.returncode == 2
    assert "none.png" in done.stderr
