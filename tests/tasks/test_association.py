"""Association: Jaccard by its definition, prompts, what is refused, and whole runs on the embedded cues."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.config.paths import ASSETS
from zsbench.core.errors import UserError
from zsbench.data.captions.associations import associations
from zsbench.metrics import naming
from zsbench.tasks.image_text.association import prompt

CUES = ASSETS / "data" / "glyph-associations" / "associations.jsonl"
IMAGES = ASSETS / "data" / "glyph-captions"


def jaccard(rows, gold, name="jaccard"):
    return naming.resolve(name, kinds=("association",)).compute(rows, [frozenset(own) for own in gold])


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=9).flatmap(
        lambda row: st.tuples(st.just(row), st.sets(st.integers(0, len(row) - 1), min_size=1))
    )
)
def test_jaccard_is_that_of_the_worst_way_to_break_ties(case):
    from itertools import combinations

    row, own = case
    # Every set of that size that leaves out no image with a higher similarity than one it takes.
    picks = [
        set(pick)
        for pick in combinations(range(len(row)), len(own))
        if all(row[i] >= row[j] for i in pick for j in range(len(row)) if j not in pick)
    ]
    assert jaccard([row], [own]) == pytest.approx(min(len(pick & own) / len(pick | own) for pick in picks))


def test_cues_with_few_candidates_are_left_out_on_demand():
    rows, gold = [[1.0, 0.0], [0.0, 0.0, 1.0]], [{0}, {1}]
    assert jaccard(rows, gold) == 0.5
    assert jaccard(rows, gold, "jaccard(candidates=3)") == 0
    with pytest.raises(ValueError, match="no items"):
        jaccard(rows, gold, "jaccard(candidates=4)")
    with pytest.raises(ValueError, match="1 similarities"):
        jaccard([[1.0]], [{1}])


def zsbench(*arguments):
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_cue_gets_its_article():
    assert prompt("{article} {}", "Ocean ") == "An ocean"
    assert prompt("{article} {}", "cat") == "A cat"
    assert prompt("a photo of a {}", "Cat") == "a photo of a cat"


def test_the_embedded_cues_stand_far_above_chance_and_score_alike_from_a_file(tmp_path):
    command = ["eval", "glyph-associations", "--model", "clip-glyphs", "--json", "--out", str(tmp_path)]
    model, chance = zsbench(*command, "--method", "dual-encoder", "--method", "random-match")["suites"][0]["results"]
    for name, score in model["metrics"].items():
        assert score["low"] > chance["metrics"][name]["high"], name
    rows = [json.loads(line) for line in CUES.read_text().splitlines()]
    assert model["metrics"]["jaccard(candidates=10)"]["n"] == sum(len(row["images"]) >= 10 for row in rows)
    values = {name: score["value"] for name, score in model["metrics"].items()}
    predictions = (
        tmp_path / "glyph-associations" / "glyph-associations" / "clip-glyphs" / "dual-encoder" / "predictions"
    )
    judged = zsbench("score", "glyph-associations", "--predictions", str(predictions), "--json")
    assert {row["metric"]: row["value"] for row in judged["rows"]} == values
    [again] = zsbench(*command, "--fresh", "--batch-size", "7")["suites"][0]["results"]
    assert {name: score["value"] for name, score in again["metrics"].items()} == values


BAD = {
    "an empty cue": {"cue": " "},
    "no such file 'none.png'": {"images": ["none.png", "heart-1.png"]},
    "stands twice": {"images": ["heart-1.png", "heart-1.png"]},
    r"associations \[2\] of 2": {"associations": [2]},
    r"associations \[\]": {"associations": []},
    r"associations \[0, 0\]": {"associations": [0, 0]},
    r"associations \[True\]": {"associations": [True]},
    "key 'cue' is missing": {"cue": None},
}


@pytest.mark.parametrize("message", BAD)
def test_bad_cues_are_named(message, tmp_path):
    row = {"id": "a", "cue": "red", "images": ["heart-1.png", "star-1.png"], "associations": [0], **BAD[message]}
    (tmp_path / "c.jsonl").write_text(json.dumps({key: v for key, v in row.items() if v is not None}))
    with pytest.raises(UserError, match=rf"c\.jsonl:1: .*{message}"):
        associations(path=str(tmp_path / "c.jsonl"), root=str(IMAGES))
