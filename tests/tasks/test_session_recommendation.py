"""Session recommendation: baselines, a model over texts and semantic ids, rewards in predictions, whole runs."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from zsbench.cli.score import score
from zsbench.core import ties
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.data.sessions.session import Session
from zsbench.engine import local
from zsbench.methods.session_recommendation import Catalogue
from zsbench.methods.session_recommendation._ids import read_ids
from zsbench.methods.session_recommendation.catalogue_lm import HistoryPrompt, catalogue_lm, in_turn
from zsbench.methods.session_recommendation.last_items import last_items
from zsbench.methods.session_recommendation.popularity import popularity
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

SESSIONS = [
    {"user": "u", "history": ["a", "b", "a"], "target": ["c"]},
    {"user": "v", "history": ["b", "x"], "target": ["a", "b"]},
    {"user": "w", "history": [], "target": ["b", "x"]},
]
CATALOGUE = Catalogue(["a", "b", "c", "d"], ["Alpha", "Beta", "Gamma", "Delta"], [2, 2, 0, 5])


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def folder(tmp_path):
    jsonl(tmp_path / "s.jsonl", SESSIONS)
    jsonl(tmp_path / "i.jsonl", [{"item": name, "text": name} for name in "abcd"])
    return tmp_path


def write_task(folder, extra=""):
    data = "data: {source: session-log, path: s.jsonl, items: i.jsonl}"
    (folder / "t.yaml").write_text(f"type: session-recommendation\ndescription: d\n{data}\n{extra}\n")
    return str(folder / "t.yaml")


def results(name, folder, **choices):
    made = planning.make(name, Choices(**choices))
    options = Options(folder / "out", Cache(None), True)
    outcomes = list(local.run(made, options, lambda *_: None, lambda _: None))
    assert [str(o.error) for o in outcomes if o.error] == []
    return [o.result for o in outcomes]


def recommended(folder, method):
    [file] = (folder / "out" / "t" / "t" / "none" / method).rglob("predictions*/*.jsonl")
    return {row["id"]: row["items"] for row in map(json.loads, file.read_text().splitlines())}


def test_baselines_and_what_can_be_recommended(folder):
    popular, last = results(write_task(folder), folder, methods=("popularity", "last-items"))
    assert popular["method_kind"] == "transductive"
    assert popular["counts"] == {
        "history items not in the catalogue": 1,
        "target items not in the catalogue": 1,
        "sessions without history": 1,
    }
    # `a` and `b` occur equally often, and so do `c` and `d`: a hash of their names orders them, not the catalogue.
    order = [*ties.in_any_order("ab"), *ties.in_any_order("cd")]
    assert recommended(folder, "popularity") == dict.fromkeys("uvw", order)
    assert recommended(folder, "last-items") == {"u": ["a", "b"], "v": ["b"], "w": []}
    assert last["metrics"]["HitRate@5"]["value"] == pytest.approx(1 / 3)
    assert last["metrics"]["session-recall@5"]["value"] == pytest.approx(1 / 6)
    extra = "drop_seen: true\ndepth: 2\nmetrics: [HitRate@1]"
    [fresh] = results(write_task(folder, extra), folder, methods=("popularity",))
    assert recommended(folder, "popularity") == {"u": order[2:], "v": ["a", order[2]], "w": order[:2]}
    assert fresh["protocol"] == "whole catalogue without what the user had"
    firsts = {"u": order[2] == "c", "v": True, "w": order[0] == "b"}
    assert fresh["metrics"]["HitRate@1"]["value"] == pytest.approx(sum(firsts.values()) / 3)


def test_popularity_counts_every_history_and_keeps_the_order_of_equals():
    [order] = popularity()(None, [Session("u", ())], CATALOGUE)
    assert order == [3, 0, 1, 2]
    [order] = last_items()(None, [Session("u", ("d", "a", "gone", "d"))], CATALOGUE)
    assert order == [3, 0]


class Writer:
    """A model whose answers are characters, some more probable than others."""

    def __init__(self, weights):
        self.weights, self.prompts = weights, []

    def label_logits(self, prompts, labels):
        raise NotImplementedError

    def answer_tokens(self, text, *, end):
        return [*map(ord, text), *([0] if end else [])]

    def next_logprobs(self, prompt, heads, wanted):
        self.prompts.append(prompt)
        return [np.log([self.weights.get(chr(token), 0.1) for token in own]) for own in wanted]


def test_items_are_scored_by_their_texts_after_the_last_of_the_history():
    model = Writer({"G": 0.9, "B": 0.5})
    sessions = [Session("u", ("a", "gone", "b", "d"))]
    prompt = HistoryPrompt(text="{history}>", shown="[{item}]", separator=",", last=2)
    [found] = catalogue_lm(prompt=prompt)(model, sessions, CATALOGUE)
    # Sums: Beta has three tokens and an end after its B, the others four.
    assert found == [1, 2, 0, 3]
    assert model.prompts[0].text == "[Beta],[Delta]>"
    [beams] = catalogue_lm(prompt=prompt, beams=2)(model, sessions, CATALOGUE)
    assert beams == [1, 2]
    [renormalised] = catalogue_lm(prompt=prompt, renormalise=True)(model, sessions, CATALOGUE)
    assert renormalised == [2, 1, 0, 3]  # the first letter decides


def test_a_history_that_is_cut_is_counted():
    model = Writer({})
    model.cost = Cost()
    ask = [Session("u", ("a", "b", "c")), Session("v", ("a",)), Session("w", ("x", "a", "b"))]
    list(catalogue_lm(prompt=HistoryPrompt(last=2))(model, ask, CATALOGUE))
    assert model.cost.truncated_items == 1


class Follower(Writer):
    """A model for which every token depends on all of the answer before it."""

    def next_logprobs(self, prompt, heads, wanted):
        self.prompts.append(prompt)
        return [[self.logprob(head, token) for token in own] for head, own in zip(heads, wanted, strict=True)]

    def logprob(self, head, token):
        return -np.random.default_rng([self.weights, *head, token]).exponential()


@pytest.mark.parametrize("seed", range(3))
def test_a_session_is_the_best_of_all_answers_and_is_decoded_after_one_prompt(seed):
    model, ask = Follower(seed), [Session("u", ("d", "b"))]
    prompt = HistoryPrompt(text="{history}>", separator=",")
    [found] = catalogue_lm(prompt=prompt, session=3, beams=500)(model, ask, CATALOGUE)
    assert {prompt.text for prompt in model.prompts} == {"Delta,Beta>"}

    def score(items):
        tokens = [*map(ord, ",".join(CATALOGUE.texts[item] for item in items)), 0]
        return sum(model.logprob(tokens[:place], token) for place, token in enumerate(tokens))

    best = max(itertools.product(range(4), repeat=3), key=score)
    assert found == list(dict.fromkeys(best))


def test_a_narrow_beam_keeps_the_best_beginnings_of_sessions():
    # "Alpha" begins well, but nothing good follows it: one beam goes on from it, two find "Beta,Gamma".
    class Trap(Writer):
        def next_logprobs(self, prompt, heads, wanted):
            good = {"A": -0.1, "B": -0.2, "Beta,G": -0.1}
            last = [
                ["".join(map(chr, [*head, token])) for token in own] for head, own in zip(heads, wanted, strict=True)
            ]
            return [[good.get(text, -3.0 if text[-1] in "ABGD" else -0.01) for text in texts] for texts in last]

    prompt, ask = HistoryPrompt(text="{history}>", separator=","), [Session("u", ("d",))]
    found = {n: next(catalogue_lm(prompt=prompt, session=2, beams=n)(Trap({}), ask, CATALOGUE)) for n in (1, 9)}
    assert found[1][0] == 0
    assert found[9] == [1, 2]


def test_a_repeated_id_is_the_next_of_the_items_that_share_it():
    assert in_turn([[2, 5], [1], [2, 5], [1], [2, 5]]) == [2, 1, 5]


def test_a_session_without_a_beam_is_refused(folder):
    with pytest.raises(UserError, match=r"session: an option of 'catalogue-lm' without effect alone.*`beams:`"):
        planning.make(write_task(folder, "method: {name: catalogue-lm, session: 3}"), Choices(models=("lm-synonyms",)))


def test_semantic_ids_stand_for_items_and_equal_ones_follow_each_other(tmp_path):
    codes = {"a": [1, 0], "b": [0, 2], "c": [1, 0], "d": [0, 0]}
    ids = jsonl(tmp_path / "ids.jsonl", [{"_id": name, "codes": own} for name, own in codes.items()])
    model = Writer({"B": 0.9, "C": 0.8})
    [found] = catalogue_lm(ids=ids, code="{letter}", end=False)(model, [Session("u", ("b", "a"))], CATALOGUE)
    assert found == [0, 2, 1, 3]
    assert "AC\nBA" in model.prompts[0].text
    [beams] = catalogue_lm(ids=ids, beams=3)(model, [Session("u", ("a",))], CATALOGUE)
    assert "<1_1><2_0>" in model.prompts[1].text
    assert len(beams) == 3


def test_items_without_text_or_codes_are_named(tmp_path):
    bare = Catalogue(["a", "b"], ["x", " "], [0, 0])
    with pytest.raises(UserError, match="item 'b' has no text"):
        list(catalogue_lm()(Writer({}), [Session("u", ())], bare))
    for rows, message in (
        ([{"_id": "a", "codes": [1]}], r"no codes for 1 items \(first: 'b'\)"),
        ([{"_id": "a", "codes": []}], "codes \\[\\]"),
        ([{"_id": "a", "codes": ["x"]}], "codes \\['x'\\]"),
        ([{"_id": "a", "codes": [1]}, {"item": "a", "codes": [2]}], "'a' stands twice"),
    ):
        ids = jsonl(tmp_path / "ids.jsonl", rows)
        with pytest.raises(UserError, match=message):
            list(catalogue_lm(ids=ids)(Writer({}), [Session("u", ())], bare))


@pytest.mark.parametrize(
    ("codes", "template", "message"),
    [
        (([1, 12], [11, 2]), "{code}", r"codes \[1, 12\] and \[11, 2\] are both written '112'"),
        (([1], [26]), "{letter}", "code 26 has no letter"),
    ],
)
def test_codes_whose_wording_does_not_keep_them_apart_are_refused(codes, template, message, tmp_path):
    ids = jsonl(tmp_path / "ids.jsonl", [{"_id": name, "codes": own} for name, own in zip("ab", codes, strict=True)])
    with pytest.raises(UserError, match=message):
        read_ids(Path(ids), ["a", "b"], template)
    assert set(read_ids(Path(ids), ["a", "b"], "<{level}_{code}>")) == {"a", "b"}


def test_a_method_that_names_an_item_twice_is_stopped(folder):
    task = planning.make(write_task(folder)).jobs[0].build_task()
    data = task.load(limit=None, seed=0)
    stream = task.predict(lambda *_: [[1, 1], [], []], None, data, range(3), None)
    with pytest.raises(ValueError, match="u: the method named an item twice"):
        next(stream)


def scored(folder, capsys, rows, *metrics):
    jsonl(folder / "p.jsonl", rows)
    score(task=write_task(folder), predictions=folder / "p.jsonl", metric=list(metrics), json=True)
    return {row["metric"]: row["value"] for row in json.loads(capsys.readouterr().out)["rows"]}


def test_predictions_may_repeat_items_and_carry_rewards(folder, capsys):
    rows = [
        {"id": "u", "items": ["a", "a", "c"], "rewards": {"swt": [1, 2.5], "vtr": [0.5]}},
        {"id": "v", "items": ["b", "a"], "rewards": {"swt": [3]}},
        {"id": "w", "items": [], "rewards": {}},
    ]
    names = ("HitRate@3", "session-nDCG@3", "reward-mean(of=swt)", "reward-max(of=swt)")
    hit, ndcg, mean, best = (scored(folder, capsys, rows, *names)[name] for name in names)
    assert hit == pytest.approx(2 / 3)
    assert ndcg == pytest.approx((0.5 + 1 + 0) / 3)
    assert mean == pytest.approx((1.75 + 3) / 2)
    assert best == pytest.approx((2.5 + 3) / 2)


@pytest.mark.parametrize("rewards", [[1], {"swt": 1}, {"swt": ["x"]}, {"swt": [float("nan")]}, {"swt": [True]}])
def test_rewards_that_are_no_numbers_are_refused(rewards, folder, capsys):
    with pytest.raises(
        UserError, match=r"p\.jsonl:1: .*(rewards are no lists of numbers|NaN, which JSON does not have)"
    ):
        scored(folder, capsys, [{"id": "u", "items": [], "rewards": rewards}], "HitRate@1")


def test_a_session_without_prediction_is_an_error(folder, capsys):
    with pytest.raises(UserError, match="2 of 3 items have no prediction"):
        scored(folder, capsys, [{"id": "u", "items": []}], "HitRate@1")


def test_the_embedded_model_looks_up_what_baselines_cannot(folder, capsys):
    settings = {"limit": 25, "threads": 1}
    name, methods = "synonyms-sessions", ("popularity", "last-items", "catalogue-lm")
    *baselines, model = results(name, folder, models=("lm-synonyms",), methods=methods, settings=settings)
    for row in baselines:
        for key in ("HitRate@1", "session-nDCG@5"):
            assert row["metrics"][key]["high"] < model["metrics"][key]["low"]
    [again] = results(
        name, folder, models=("lm-synonyms",), methods=("catalogue-lm",), settings={**settings, "batch_size": 7}
    )
    assert again["metrics"] == model["metrics"]
