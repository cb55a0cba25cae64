"""Models without a chat template: every ranker reads plain text, and where turns are asked for the advice works."""

import pytest
import transformers
import yaml

from tests.models import _tiny
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.engine import local
from zsbench.methods.rerank import _icr
from zsbench.methods.rerank._icr import Spans
from zsbench.methods.rerank.first import FirstPrompt, _Style
from zsbench.models.language.hf_causal_lm import hf_causal_lm
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.report import failures, tables
from zsbench.run.runner import Options

TURNS = ["first", "icr", "rankgpt", "pointwise", "query-likelihood", "setwise", "pairwise", "listwise-likelihood"]


def model_folder(path, *, chat):
    words = _tiny.tokenizer(chat=chat)
    shape = {**_tiny.SHAPE, **_tiny.SPECIAL, "max_position_embeddings": 4096, "vocab_size": len(words)}
    return _tiny.saved(_tiny.randomised(transformers.LlamaForCausalLM(transformers.LlamaConfig(**shape))), words, path)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A folder with a decoder that has no chat template."""
    return model_folder(tmp_path_factory.mktemp("base"), chat=None)


@pytest.fixture
def task(tmp_path):
    """A task of two queries in plain words, without wordings of its own."""
    (tmp_path / "corpus.jsonl").write_text(
        '{"_id": "a", "text": "a red {apple} sky"}\n{"_id": "b", "text": "a blue sky"}\n'
    )
    (tmp_path / "queries.jsonl").write_text(
        '{"_id": "q", "text": "what {} a red sky"}\n{"_id": "r", "text": "sky a"}\n'
    )
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta\t1\nr\tb\t1\n")
    config = {"type": "rerank", "description": "d", "metrics": ["nDCG@10"], "data": {"source": "beir", "path": "."}}
    config["candidates"] = {"stage": "bm25", "depth": 2}
    (tmp_path / "t.yaml").write_text(yaml.safe_dump(config))
    return str(tmp_path / "t.yaml")


def outcomes(task, model, methods, tmp_path, *assignments):
    choices = Choices((f"hf-causal-lm:{model}",), tuple(methods), {}, assignments)
    made = planning.make(task, choices)
    return list(local.run(made, Options(tmp_path / "out", Cache(tmp_path / "cache")), lambda *_: None, lambda _: None))


def test_every_ranker_of_decoders_reads_plain_text(base, task, tmp_path):
    found = outcomes(task, base, TURNS, tmp_path)
    assert [(outcome.job.method.title, outcome.error) for outcome in found] == [(name, None) for name in TURNS]


@pytest.mark.parametrize("method", ["first", "rankgpt", "pointwise", "setwise"])
def test_turns_that_are_asked_for_are_refused_and_the_advice_works(method, base, task, tmp_path):
    [found] = outcomes(task, base, [method], tmp_path, "method.prompt.chat=true")
    assert "has no chat template" in str(found.error)
    assert "`chat: false` in the method's `prompt:`" in str(found.error)
    [found] = outcomes(task, base, [method], tmp_path, "method.prompt.chat=false")
    assert found.error is None


def test_each_failed_run_has_a_row_and_the_message_names_all_of_them(base, task, tmp_path):
    found = outcomes(task, base, ["first", "setwise"], tmp_path, "method.prompt.chat=true")
    rows = tables.rows([failures.row(outcome) for outcome in found])
    columns = tables.header(rows)
    assert [(row.method, tables.cells(row, columns)[columns.index("value")]) for row in rows] == [
        ("first", "failed"),
        ("setwise", "failed"),
    ]
    [told] = failures.distinct(found)
    assert all(f"/ {method}" in told.hint for method in ("first", "setwise"))
    assert told.exit_code == 2


def test_the_plain_prompts(base):
    model, texts = hf_causal_lm(model=base), ["{text}", "B"]
    asked = FirstPrompt().asked(texts, "{q}", _Style("alpha"), chat=FirstPrompt().talks(model))
    assert asked.messages == ()
    assert asked.text.startswith("You are RankLLM")
    assert "[A] {text}\n[B] B\nSearch Query: {q}.\n" in asked.text
    assert (asked.text[-1], asked.answer) == ("\n", "[")
    pieces = _icr.paper_prompt(model, "qa")
    text = Spans(model, pieces, texts, "{query}").text
    assert text == f" Here are some paragraphs:\n\n[1] {{text}}\n\n[2] B\n\n{_icr.QA}\n\nQuery: {{query}}"


def test_a_template_that_hides_the_user_is_named(tmp_path):
    model = hf_causal_lm(model=model_folder(tmp_path, chat="{{ messages[0]['role'] }}"))
    with pytest.raises(UserError, match="changes the user's text"):
        _icr.paper_prompt(model, "qa")


def test_braces_of_a_chat_format_are_kept(tmp_path):
    model = hf_causal_lm(model=model_folder(tmp_path, chat="{{ '{user}' + messages[0]['content'] + '{{}' }}"))
    text = Spans(model, _icr.paper_prompt(model, "ie"), ["x"], "y").text
    assert text.startswith("{user} Here are some paragraphs:")
    assert text.endswith("Query: y{{}")
