"""What a method's options ask of a model is known before the run: an endpoint neither counts tokens nor scores."""

import pytest
import yaml

from zsbench.config import catalog
from zsbench.config.components import options_schema
from zsbench.core.errors import UserError
from zsbench.models.capabilities import LabelScorer
from zsbench.plan import planning
from zsbench.plan.choices import Choices

WORDS = "method.cut={unit: words}"
_IN_METHOD = "`cut: {unit: words}` in the method's options"


@pytest.fixture
def endpoint(tmp_path):
    config = {"adapter": "openai-compatible", "model": "m", "base_url": "http://127.0.0.1:9/v1"}
    (tmp_path / "ep.yaml").write_text(yaml.safe_dump(config))
    return str(tmp_path / "ep.yaml")


def make(endpoint, method, *assignments):
    return planning.make("synonyms", Choices((endpoint,), (method,), {}, assignments))


@pytest.mark.parametrize(
    ("method", "lacking", "way_out"),
    [
        ("setwise", "LabelScorer, Tokenizer", ["method.scoring=generation", WORDS]),
        ("pairwise", "LabelScorer, Tokenizer", ["method.scoring=generation", WORDS]),
        ("rankgpt", "Tokenizer", ["method.max_tokens=null"]),
    ],
)
def test_an_endpoint_is_refused_what_it_cannot_do_with_the_options_that_work(method, lacking, way_out, endpoint):
    before = ["method.max_tokens=100"] if method == "rankgpt" else []
    with pytest.raises(UserError, match=f"needs {lacking}, which model 'ep' lacks") as refused:
        make(endpoint, method, *before)
    for option in way_out:
        name, _, value = option.removeprefix("method.").partition("=")
        assert f"`{name}: {value}`" in refused.value.hint
    assert make(endpoint, method, *way_out).jobs


@pytest.mark.parametrize(("scoring", "asked"), [("likelihood", True), ("duot5", True), ("generation", False)])
def test_answers_by_probability_need_probabilities(scoring, asked):
    pairwise = catalog.load_component("methods", "pairwise")
    needed = pairwise.facts.needs_with(options_schema(pairwise).model_validate({"scoring": scoring}))
    assert (LabelScorer in needed) is asked


def test_without_a_cut_nothing_counts_tokens(endpoint):
    assert make(endpoint, "pairwise", "method.scoring=generation", "method.cut={passage: null, query: null}").jobs


def test_no_endpoint_is_told_of_options_where_none_helps(endpoint):
    for name in ("icr", "first"):
        assert catalog.components("methods")[name].family == "rerank"
        with pytest.raises(UserError, match="which model 'ep' lacks") as refused:
            make(endpoint, name)
        assert refused.value.hint == ""


@pytest.mark.parametrize(
    ("method", "opened"),
    [
        ("pointwise", "`logprobs: true`"),
        ("listwise-likelihood", "`logprobs: true`"),
        ("query-likelihood", "`logprobs: true` and `api: completions`"),
    ],
)
def test_an_option_of_the_model_that_opens_what_it_lacks_is_named(method, opened, endpoint):
    with pytest.raises(UserError, match="which model 'ep' lacks") as refused:
        make(endpoint, method)
    assert refused.value.hint == f"or {_IN_METHOD}, and {opened} in the model's YAML, where it can"
    options = [f"model.{option.replace(': ', '=')}" for option in opened.replace("`", "").split(" and ")]
    assert make(endpoint, method, WORDS, *options).jobs
