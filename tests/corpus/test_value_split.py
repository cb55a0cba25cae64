"""Products move whole, a seed repeats its draw, what was drawn can be given again, and nothing is written over."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command import call
from zsbench.config.paths import ASSETS
from zsbench.core.errors import UserError
from zsbench.corpus.value_split import TEST, TRAIN, VALIDATION, drawn, parts

PRODUCTS = ASSETS / "data/synonyms-products"


@given(st.lists(st.sets(st.integers(0, 11), max_size=5), max_size=30), st.integers(1, 5), st.integers(0, 9))
def test_who_has_a_drawn_value_is_not_trained_on(products, n, seed):
    validation, test = drawn(range(12), n, seed=seed)
    assert len({*validation, *test}) == 2 * n
    for values, part in zip(products, parts(products, validation, test), strict=True):
        assert (part == VALIDATION) == bool(values & set(validation))
        assert (part == TEST) == (bool(values & set(test)) and part != VALIDATION)
        assert part != TRAIN or not values & {*validation, *test}


def test_half_of_the_values_is_the_most_and_no_value_is_drawn_for_both():
    with pytest.raises(UserError, match="of 5; expected at most half"):
        drawn("abcde", 3, seed=0)
    with pytest.raises(UserError, match=r"v\.txt: value 'a' is drawn for validation and for the test"):
        parts([{"a"}], ["a"], ["a"], where="v.txt")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_the_shipped_split_is_what_the_command_writes(folder):
    code, printed = call(
        "corpus", "split-values", "asset:data/synonyms-products/products.jsonl", "--n", 5, "--seed", 0, "--out", "a"
    )
    assert code == 0, printed.err
    assert (
        "74 train, 46 validation, 40 test products of 40 values in a; 37 test products with at least two" in printed.err
    )
    assert rows("a/test.jsonl") == rows(PRODUCTS / "test.jsonl")
    for name in ("values.json", "test-values.json"):
        assert json.loads((folder / "a" / name).read_text()) == json.loads((PRODUCTS / name).read_text())
    assert sum(len(rows(f"a/{part}.jsonl")) for part in ("train", "validation", "test")) == 160
    given = ["--validation-values", "a/validation-values.json", "--test-values", "a/test-values.json"]
    assert call("corpus", "split-values", PRODUCTS / "products.jsonl", *given, "--out", "b")[0] == 0
    for name in ("train.jsonl", "validation.jsonl", "test.jsonl"):
        assert (folder / "a" / name).read_bytes() == (folder / "b" / name).read_bytes()


WRONG = {
    "a file that is there": (["--n", 1, "--seed", 0, "--out", "full"], "train.jsonl: is there already"),
    "no seed": (["--n", 1, "--out", "x"], "no --seed; expected --n N --seed S"),
    "nothing drawn": (["--out", "x"], "no --seed"),
    "a draw beside drawn values": (["--seed", 0, "--validation-values", "v", "--test-values", "v", "--out", "x"], "beside a draw"),
    "one side": (["--validation-values", "v", "--out", "x"], "for one side only"),
    "a value that no product has": (
        ["--validation-values", "strange", "--test-values", "v", "--out", "x"], "strange:1: value 'size: XL' is not among the 3"),
    "too many": (["--n", 2, "--seed", 0, "--out", "x"], "at most half"),
    "nobody left": (["--validation-values", "v", "--test-values", "w", "--out", "x"], "no product is left for"),
    "a category": (["--n", 1, "--seed", 0, "--out", "x", "--category", "Sho"], "no product of category 'Sho'; did you mean 'Shoes'"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_and_nothing_is_written(what, folder):
    options, words = WRONG[what]
    own = [["size: S", "size: M"], ["size: M", "size: L"]]
    lines = [{"id": f"{n}", "text": "a", "values": values, "category": "Shoes"} for n, values in enumerate(own)]
    (folder / "p.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "v").write_text("size: S\n")
    (folder / "w").write_text("size: L\n")
    (folder / "strange").write_text("size: XL\n")
    (folder / "full").mkdir()
    (folder / "full" / "train.jsonl").write_text("mine")
    code, printed = call("corpus", "split-values", "p.jsonl", *options)
    assert code == 2
    assert words in printed.err.replace("\n", " ")
    assert (folder / "full" / "train.jsonl").read_text() == "mine"
    assert not list(folder.glob("x/*"))
