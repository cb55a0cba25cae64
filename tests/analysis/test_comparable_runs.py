"""What may be compared: the same items and gold, the same data, the same prompts where they are meant to be the same."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.made_runs import made
from tests.command import call
from zsbench.analysis import comparison
from zsbench.analysis.comparison.comparable import different_prompts
from zsbench.core.errors import UserError

VALUES = [0.1, 0.2, 0.3]
ICR = {"name": "icr", "prompt": {"query": "Query: {query}"}}
OTHER = {"name": "icr", "prompt": {"query": "Q: {query}"}}


def two(tmp_path, first, second):
    return [made(tmp_path / name, {"nDCG@10": VALUES}, **more) for name, more in (("a", first), ("b", second))]


@pytest.mark.parametrize(
    ("first", "second", "keys"),
    [
        ({"config": {"method": ICR}}, {"config": {"method": OTHER}}, ["method.prompt.query"]),
        # A label of one's own does not make another rule.
        ({"config": {"method": ICR}, "method": "mine"}, {"config": {"method": OTHER}}, ["method.prompt.query"]),
        ({"config": {"method": ICR}, "model": "x"}, {"config": {"method": OTHER}, "model": "y"}, ["method.prompt.query"]),
        ({"config": {"task": {"templates": ["{}"]}}}, {"config": {"task": {"templates": ["a {}"]}}}, ["task.templates"]),
        ({"config": {"method": [{"name": "a"}, ICR]}}, {"config": {"method": [{"name": "a"}, OTHER]}}, ["method.1.prompt.query"]),
        ({"config": {"method": ICR, "model": {"query_prefix": "q"}}}, {"config": {"method": ICR, "model": {}}}, ["model.query_prefix"]),
        # Other rules have other prompts by nature, and so have other models of their own.
        ({"config": {"method": ICR}}, {"config": {"method": {**OTHER, "name": "first"}}}, []),
        ({"config": {"method": ICR, "model": {"query_prefix": "q"}}, "model": "x"}, {"config": {"method": ICR}, "model": "y"}, []),
        ({"config": {"method": ICR | {"window": 5}}}, {"config": {"method": ICR | {"window": 9}}}, []),
        ({}, {}, []),
        (
            {"config": {"method": ICR}, "notes": {"prompts": {"count": 2, "digest": "x"}}},
            {"config": {"method": ICR}, "notes": {"prompts": {"count": 2, "digest": "y"}}, "model": "other"},
            ["prompts.json"],
        ),
    ],
)  # fmt: skip
def test_prompts_are_held_against_each_other_where_they_are_meant_to_be_the_same(tmp_path, first, second, keys):
    runs = two(tmp_path, first, second)
    assert different_prompts(*runs) == keys
    if keys:
        with pytest.raises(UserError, match=f"different prompts: {keys[0]}.*--allow prompts"):
            comparison.differences(*runs)
    assert len(comparison.differences(*runs, allow=["prompts"])) == 1


def test_texts_that_a_model_was_given_are_compared_but_for_the_first_prompt_as_it_was_read(tmp_path):
    for number, (wording, read, differ) in enumerate([("w", "other", []), ("v", "r", ["prompts.json"])]):
        runs = two(tmp_path / str(number), {"config": {"method": ICR}}, {"config": {"method": ICR}})
        for run, texts in zip(runs, (["w", "r"], [wording, read]), strict=True):
            (run.folder / "prompts.json").write_text(json.dumps(texts))
        assert different_prompts(*runs) == differ


def test_allowed_differences_are_said(tmp_path):
    a, b = two(tmp_path, {"config": {"method": ICR}}, {"config": {"method": OTHER}, "data_fingerprint": "x"})
    code, screen = call("compare", a.folder, b.folder)
    assert (code, "different data behind the same items and gold" in screen.err) == (2, True)
    code, screen = call("compare", a.folder, b.folder, "--allow", "data")
    assert (code, "method.prompt.query" in screen.err) == (2, True)
    code, screen = call("compare", a.folder, b.folder, "--allow", "data", "--allow", "prompts")
    said = " ".join(screen.out.split())
    assert code == 0
    assert "other data behind the same items" in said
    assert "other prompts (method.prompt.query)" in said


def test_other_items_are_refused_whatever_is_allowed(tmp_path):
    tasks = [{"config": {"task": {"candidates": depth}}, "test_fingerprint": str(depth)} for depth in (20, 100)]
    with pytest.raises(UserError, match=r"different items or gold.*their tasks differ in: candidates"):
        comparison.differences(*two(tmp_path, *tasks), allow=["prompts", "data"])


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(12)), st.integers(0, 2**16))
def test_the_order_of_items_changes_nothing(tmp_path_factory, order, seed):
    folder, rng = tmp_path_factory.mktemp("order"), np.random.default_rng(seed)
    a, b = rng.random((2, 12))
    ids = np.array([f"é{i}" for i in range(12)])
    clusters = np.array([f"c{i % 5}" for i in range(12)])
    first = made(folder / "a", {"nDCG@10": a}, ids=ids, columns={"cluster": clusters})
    straight = made(folder / "b", {"nDCG@10": b}, ids=ids, columns={"cluster": clusters})
    turned = made(folder / "b", {"nDCG@10": b[order]}, ids=ids[order], columns={"cluster": clusters[order]})
    rows = [comparison.differences(first, second, resamples=200)[0] for second in (straight, turned)]
    assert rows[0].as_dict() == pytest.approx(rows[1].as_dict())


def test_an_item_that_one_side_lacks_is_named(tmp_path):
    a = made(tmp_path / "a", {"nDCG@10": VALUES})
    b = made(tmp_path / "b", {"nDCG@10": VALUES}, ids=["i0", "i1", "other"])
    with pytest.raises(UserError, match=r"1 item of .*a is missing \(first: 'i2'\)"):
        comparison.differences(a, b)


def test_a_metric_that_one_side_lacks_is_left_out_and_no_common_one_is_a_sentence(tmp_path):
    a = made(tmp_path / "a", {"nDCG@10": VALUES, "MRR@10": VALUES})
    assert [row.metric for row in comparison.differences(a, made(tmp_path / "b", {"MRR@10": VALUES}))] == ["MRR@10"]
    with pytest.raises(UserError, match="have no metric in common"):
        comparison.differences(a, made(tmp_path / "c", {"Recall@5": VALUES}))
