"""`zsbench bound`: which texts cost what, which results a bound may stand on, and what stands in the table."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.models._towers import hf_folder
from zsbench.analysis import pac_bayes, prompt_bounds, prompt_prior
from zsbench.cli.main import app
from zsbench.config import blocks, catalog, overlay
from zsbench.core.errors import UserError

WORDS = 89  # tokens of the embedded model's vocabulary, its special ones included


def result(accuracy=0.9, n=900, *, data=None, method=None, templates=("a photo of a {}",), model="clip", **more):
    """What `zsbench eval` would have written, as far as a bound reads it."""
    score = {"value": accuracy, "low": accuracy, "high": accuracy, "unit": "%", "n": n}
    return {
        "schema_version": 1,
        "task": "digits",
        "model": model,
        "method": "rule",
        "metrics": {"acc@1": {**score, "interval": "wilson", "better": "higher"}},
        "config": {
            "task": {"data": data or {"name": "digits", "split": "train"}, "templates": list(templates)},
            "model": {"name": "open-clip", "model": "asset:models/clip-glyphs"},
            "method": method or {"name": "prompt-ensemble"},
        },
        **more,
    }


def written(folder, *results):
    for number, one in enumerate(results):
        path = folder / str(number) / "result.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(one))
    return str(folder)


@pytest.mark.parametrize(
    ("data", "split"),
    [
        ({"name": "digits", "split": "train"}, "train"),
        ({"name": "digits", "split": "test"}, "test"),
        ({"name": "digits", "split": "validation"}, "test"),
        ({"name": "digits"}, ""),
        ({"name": "hf-datasets", "path": "x/training-videos"}, "test"),
        ({"name": "hf-datasets", "path": "x/y", "split": "train[:1000]"}, "train"),
        ({"name": "hf-datasets", "path": "x/y", "split": "train+validation"}, "train"),
        ({"name": "parquet-images", "path": "data/train-00000.parquet"}, "train"),
        ({"name": "parquet-images", "path": "train/test.parquet"}, "test"),
        ({"name": "parquet-images", "path": "trains.parquet"}, ""),
    ],
)
def test_the_split_is_read_off_the_data(data, split):
    assert prompt_prior.split_of(result(data=data)) == split


def test_a_shared_template_counts_once_and_without_the_class():
    assert prompt_prior.prompts_of(result(templates=["a photo of a {}.", "{c} drawn"])) == ["a photo of a .", "drawn"]


def test_chosen_prompts_count_class_by_class():
    notes = {"chosen prompts": {"zero": "round", "one": "a line", "two": ["curl", "swan"]}}
    found = prompt_prior.prompts_of(result(method={"name": "greedy-prompts"}, notes=notes))
    assert found == ["round", "a line", "curl", "swan"]


def test_a_method_whose_prompts_are_unknown_is_refused():
    with pytest.raises(UserError, match="--prompts"):
        prompt_prior.prompts_of(result(method=[{"name": "prompt-ensemble"}, {"name": "tip-adapter"}]))


def test_the_uniform_prior_counts_the_models_own_tokens():
    kl = prompt_prior.uniform_kl(["a photo of a", "circle"], result())
    assert kl == pytest.approx(5 * math.log(WORDS))


@pytest.mark.parametrize(("kind", "alike"), [("siglip", False), ("siglip2", True)])
def test_the_uniform_prior_reads_texts_as_the_model_does(kind, alike, tmp_path):
    """SigLIP 2 was trained on lower-case texts, and its tokenizer leaves capitals as they are."""
    folder = hf_folder(tmp_path / kind, kind)
    encode, _ = prompt_prior._tokenizer({"name": "hf-clip", "model": str(folder)})
    assert (encode("a photo of a CAT") == encode("a photo of a cat")) is alike


def test_a_language_model_prior_sums_the_tokens_of_every_prompt():
    asked = []

    def target_logprobs(prompts, targets):
        asked.extend(zip((p.text for p in prompts), targets, strict=True))
        return [np.full(len(text.split()), -2.0, np.float32) for text in targets]

    model = SimpleNamespace(tokenize=lambda text, special: ([1], [(0, 0)]), target_logprobs=target_logprobs)
    assert prompt_prior.lm_kl(["a photo", "b"], model) == pytest.approx(6)
    assert asked == [("", "a photo"), ("", "b")]
    model.tokenize = lambda text, special: ([], [])
    with pytest.raises(UserError, match="begin-of-text"):
        prompt_prior.lm_kl(["a"], model)


def test_the_embedded_language_model_gives_first_tokens_a_probability():
    document = overlay.load(catalog.find_config("models", "lm-synonyms"))
    model = blocks.block("models", document.value, "adapter", document, ()).build()
    text = "bark"
    logits = model.next_token_logits(model.tokenize("", special=True)[0]).astype(float)
    first = model.tokenize(text, special=False)[0][0]
    wanted = -(logits[first] - np.log(np.exp(logits - logits.max()).sum()) - logits.max())
    assert prompt_prior.lm_kl([text], model) == pytest.approx(wanted, abs=1e-3)


def bound(*arguments):
    return CliRunner().invoke(app, ["bound", *arguments])


def test_the_command_puts_the_bound_beside_both_errors(tmp_path):
    trained = written(tmp_path / "train", *(result(0.9 - i / 10, model=f"m{i}") for i in range(3)))
    test = {"name": "digits", "split": "test"}
    tested = written(tmp_path / "test", *(result(0.8 - i / 10, 597, data=test, model=f"m{i}") for i in range(3)))
    done = bound(trained, "--test", tested, "--delta", "0.05", "--json")
    answer = json.loads(done.stdout)
    assert (answer["prior"], answer["delta"], answer["rank_correlation"]) == ("uniform", 0.05, pytest.approx(1))
    row, kl = answer["rows"][0], 4 * math.log(WORDS)
    assert (row["n"], row["kl"]) == (900, pytest.approx(kl))
    wanted = pac_bayes.bounds(0.1, kl, 900, delta=0.05)
    for name in ("mcallester", "seeger", "union"):
        assert row[name] == pytest.approx(getattr(wanted, name))
    assert row["gap"] == pytest.approx(wanted.mcallester - 0.2)
    shown = bound(trained, "--test", tested).stdout
    assert "McAllester" in shown
    assert f"{100 * pac_bayes.bounds(0.1, kl, 900).mcallester:.1f} %" in shown


def test_other_prompts_are_not_shown_beside(tmp_path):
    tested = result(0.8, data={"name": "digits", "split": "test"}, templates=["a drawing of a {}"])
    [row] = prompt_bounds.rows([result()], [tested], lambda _texts, _result: 1.0)
    assert (row.test_error, row.gap) == (None, None)


def set_named(name, accuracy, split, data):
    return {**result(accuracy, data={"name": "hf-datasets", "path": data, "split": split}), "task": name}


def test_errors_stand_beside_those_of_their_own_data_set():
    trained = [set_named("a-train", 0.9, "train", "digits"), set_named("b-train", 0.8, "train", "glyphs")]
    tested = [set_named("b-test", 0.7, "test", "glyphs"), set_named("a-test", 0.6, "test", "digits")]
    for order in (tested, tested[::-1]):
        first, second = prompt_bounds.rows(trained, order, lambda _texts, _result: 1.0)
        assert (first.test_error, second.test_error) == (pytest.approx(0.4), pytest.approx(0.3))
        assert prompt_bounds.unmatched([first, second], order) == ""
    # Other names of the tasks: their data say that they are one set.
    [row] = prompt_bounds.rows(trained[:1], [set_named("held-out", 0.5, "test", "digits"), tested[0]], lambda *_: 1.0)
    assert row.test_error == pytest.approx(0.5)
    [row] = rows = prompt_bounds.rows(trained[:1], tested[:1], lambda *_: 1.0)
    assert row.test_error is None
    assert "a-train (--test has b-test)" in prompt_bounds.unmatched(rows, tested[:1])
    with pytest.raises(UserError, match="2 test results of a-train: a-test and a-val"):
        prompt_bounds.rows(trained[:1], [tested[1], set_named("a-val", 0.6, "validation", "digits")], lambda *_: 1.0)


def test_templates_that_the_yaml_does_not_list_are_those_of_the_notes():
    for written in (None, "imagenet"):
        own = result(notes={"templates": ["a photo of a {}."]})
        own["config"]["task"]["templates"] = written
        assert prompt_prior.prompts_of(own) == ["a photo of a ."]
        with pytest.raises(UserError, match="does not tell the templates"):
            prompt_prior.prompts_of({**own, "notes": {}})


def test_rows_over_several_tasks_have_no_bound(tmp_path):
    average = {**result(), "task": "both", "task_type": "average", "config": {"average": {"tasks": ["a", "b"]}}}
    done = bound(written(tmp_path / "runs", result(), average), "--json")
    assert [row["task"] for row in json.loads(done.stdout)["rows"]] == ["digits"]
    alone = bound(written(tmp_path / "alone", average))
    assert isinstance(alone.exception, UserError)


@pytest.mark.parametrize(
    ("data", "flags", "message"),
    [
        ({"name": "digits", "split": "test"}, [], "no bound holds"),
        ({"name": "digits", "split": "test"}, ["--chosen-on"], "no bound holds"),
        ({"name": "digits"}, [], "--chosen-on"),
    ],
)
def test_a_bound_on_a_test_split_is_refused(tmp_path, data, flags, message):
    done = bound(written(tmp_path, result(data=data)), *flags)
    assert isinstance(done.exception, UserError)
    assert message in str(done.exception)


def test_unnamed_data_can_be_vouched_for(tmp_path):
    assert bound(written(tmp_path, result(data={"name": "digits"})), "--chosen-on").exit_code == 0


def test_prompts_from_a_file(tmp_path):
    (tmp_path / "prompts.json").write_text(json.dumps({"zero": "a circle", "one": ["a line", "line"]}))
    folder = written(tmp_path / "train", result(method={"name": "tip-adapter"}))
    done = bound(folder, "--prompts", str(tmp_path / "prompts.json"), "--json")
    assert json.loads(done.stdout)["rows"][0]["kl"] == pytest.approx(5 * math.log(WORDS))
    for wrong in ("[1]", "{}", '{"a": [1]}', "{"):
        (tmp_path / "wrong.json").write_text(wrong)
        with pytest.raises(UserError, match=r"wrong\.json"):
            prompt_bounds.read_prompts(tmp_path / "wrong.json")


def test_a_prior_must_be_a_language_model(tmp_path):
    done = bound(written(tmp_path, result()), "--prior", "clip-glyphs")
    assert "TextScorer" in str(done.exception)


def test_undefined_accuracy_is_no_error_rate():
    for metrics in ({}, {"acc@1": {"value": None, "n": 0}}):
        with pytest.raises(UserError, match="acc@1"):
            prompt_bounds.rows([result(metrics=metrics)], [], lambda _texts, _result: 1.0)


def test_a_bound_above_one_is_shown_raw_and_clipped():
    [row] = prompt_bounds.rows([result(0.2, 10)], [], lambda _texts, _result: 100.0)
    found = json.loads(prompt_bounds.to_json([row], prior="uniform", delta=0.01))["rows"][0]
    assert found["mcallester"] > 1
    assert found["clipped"]["mcallester"] == 1
