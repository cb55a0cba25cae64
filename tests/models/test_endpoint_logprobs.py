"""Log-probabilities from endpoints: what is read of answers, by hand, and the rules that they open."""

import json
import math

import numpy as np
import pytest

from tests.command import call
from tests.models.endpoint_server import answer, serving
from zsbench.core.cache import Cache
from zsbench.core.errors import RunError
from zsbench.models.capabilities import Prompt
from zsbench.models.endpoints.dialect import Dialect
from zsbench.models.endpoints.logprobs import of_labels, of_target
from zsbench.models.language.openai_compatible import openai_compatible
from zsbench.results.store import read_result


@pytest.fixture
def server(tmp_path):
    Cache(tmp_path / "cache").use()
    with serving() as found:
        yield found


def model(server, **options):
    given = {"model": "m", "base_url": server.url, "pause": 0.0, "retries": 0, "logprobs": True, **options}
    return openai_compatible(**given)


def chat(told):
    """Return a chat answer that tells first tokens with their log-probabilities."""
    top = [{"token": token, "logprob": value} for token, value in told]
    return answer(told[0][0], logprobs={"content": [{**top[0], "top_logprobs": top}]})


def completion(told):
    return answer(told[0][0], "text", logprobs={"tokens": [told[0][0]], "top_logprobs": [dict(told)]})


def echo(tokens, text):
    values = [None, *(-0.5 * place for place in range(1, len(tokens)))]
    return answer(text, "text", logprobs={"tokens": tokens, "token_logprobs": values})


ADDED = float(np.logaddexp(-1.0, -2.0))
# Tokens told, labels, whether blanks before a token mean nothing, and the row that is right.
LABELS = {
    "both are told": ([("Yes", -0.2), ("No", -1.5)], ["Yes", "No"], True, [-0.2, -1.5], 0),
    "one is not": ([("Yes", -0.2), ("The", -1.5)], ["Yes", "No"], True, [-0.2, -2.5], 1),
    "none is": ([("<think>", -0.1), ("The", -3.0)], ["Yes", "No"], True, [-4.0, -4.0], 2),
    "a chat's blank is added": ([("Yes", -1.0), (" Yes", -2.0), ("No", -3.0)], ["Yes", "No"], True, [ADDED, -3.0], 0),
    "a text's blank is another token": ([("A", -1.0), (" B", -2.0)], [" A", " B"], False, [-3.0, -2.0], 1),
    "a beginning of one label": ([("irre", -1.0), ("rel", -2.0)], ["relevant", "irrelevant"], True, [-2.0, -1.0], 0),
    "the longest beginning": ([("Y", -1.0), ("Yes", -2.0), ("No", -3.0)], ["Yes", "No"], True, [-2.0, -3.0], 0),
    "a label that begins another": ([("1", -1.0), ("10", -2.0)], ["1", "10"], True, [-1.0, -2.0], 0),
    "blanks alone": ([(" ", -1.0), ("\n", -2.0), ("B", -3.0)], [" A", " B"], True, [-4.0, -3.0], 1),
    "another case": ([("yes", -1.0), ("No", -2.0)], ["Yes", "No"], True, [-3.0, -2.0], 1),
}


@pytest.mark.parametrize(("told", "labels", "opens", "row", "untold"), LABELS.values(), ids=LABELS.keys())
def test_labels_among_first_tokens(told, labels, opens, row, untold):
    assert of_labels(told, labels, opens=opens) == (row, untold)


def test_labels_of_one_first_token_are_refused(server):
    server.reply = lambda _n, _body: chat([("[", -0.1), ("A", -3.0)])
    with pytest.raises(RunError, match=r"labels \[A\], \[B\] begin with the same token '\['"):
        model(server).label_logits([Prompt(text="q")], ["[A]", "[B]"])


@pytest.mark.parametrize(("api", "reply"), [("chat", chat), ("completions", completion)])
def test_label_logits_in_one_token_each(server, api, reply):
    server.reply = lambda n, _body: reply([("Yes", -0.25 * n), ("No", -2.0)])
    adapter = model(server, api=api, concurrency=1)
    found = adapter.label_logits([Prompt(text="a"), Prompt(text="b"), Prompt(text="a")], ["Yes", "No"])
    assert found.tolist() == [[-0.25, -2.0], [-0.5, -2.0], [-0.25, -2.0]]
    assert found.dtype == np.float32
    body = server.seen[0][2]
    wanted = {"logprobs": True, "top_logprobs": 20} if api == "chat" else {"logprobs": 20}
    assert {key: body[key] for key in body if key not in ("model", "messages", "prompt")} == {
        "max_tokens": 1,
        "temperature": 0,
        **wanted,
    }
    assert (adapter.cost.forward_passes, adapter.cost.answers, adapter.cost.labels_untold) == (2, 3, 0)
    again = model(server, api=api)
    assert again.label_logits([Prompt(text="b")], ["No", "Yes"]).tolist() == [[-2.0, -0.5]]
    assert (again.cost.answers_reused, len(server.seen)) == (1, 2)


def test_labels_that_were_not_told_are_counted_and_nothing_told_is_unreadable(server):
    told = {"one": [("Yes", -0.1), ("Maybe", -3.0)], "none": [("<think>", -0.1), ("\n", -3.0)]}
    server.reply = lambda _n, body: chat(told[body["messages"][0]["content"]])
    adapter = model(server)
    adapter.label_logits([Prompt(text="one"), Prompt(text="none")], ["Yes", "No"])
    cost = adapter.cost
    assert (cost.labels_untold, cost.answers, cost.answers_unreadable, cost.malformed_outputs) == (3, 2, 1, 1)


@pytest.mark.parametrize(
    "logprobs",
    [None, {}, {"content": []}, {"content": [{"top_logprobs": []}]}, {"content": [{"top_logprobs": [{"token": "a"}]}]}],
)
def test_an_endpoint_without_log_probabilities_is_named(server, logprobs):
    server.reply = lambda _n, _body: answer("Yes", logprobs=logprobs)
    with pytest.raises(RunError, match="no log-probabilities of its first token"):
        model(server).label_logits([Prompt(text="q")], ["Yes", "No"])


@pytest.mark.parametrize("value", [math.nan, "x", None])
def test_log_probabilities_are_numbers(server, value):
    server.reply = lambda _n, _body: chat([("Yes", value), ("No", -1.0)])
    with pytest.raises(RunError, match="no number"):
        model(server).label_logits([Prompt(text="q")], ["Yes", "No"])


def test_texts_by_their_echo(server):
    # A token that opens texts stands first, one holds a blank of the prompt with the target's first letters.
    tokens = ["<s>", "ask", " this", ": w", "hat", " now", " more"]
    server.reply = lambda _n, _body: echo(tokens, "ask this: what now more")
    adapter = model(server, api="completions")
    [found] = adapter.target_logprobs([Prompt(text="ask this", answer=": ")], ["what now"])
    assert found.tolist() == [-1.5, -2.0, -2.5]
    [(path, _, body)] = server.seen
    assert path == "/v1/completions"
    assert (body["prompt"], body["echo"], body["max_tokens"], body["logprobs"]) == ("ask this: what now", True, 1, 1)


def test_tokens_that_do_not_spell_the_prompt_are_refused(server):
    server.reply = lambda _n, _body: echo(["caf", "\ufffd", "\ufffd", "."], "caf\u00e9.")
    with pytest.raises(RunError, match="do not spell the prompt"):
        model(server, api="completions").target_logprobs([Prompt()], ["caf\u00e9"])
    server.reply = lambda _n, _body: answer("no echo", "text")
    with pytest.raises(RunError, match="does not echo the prompt"):
        model(server, api="completions").target_logprobs([Prompt()], ["plain"])


def test_targets_end_with_the_prompt():
    told = [("a", 0.0), ("b", -1.0), ("a", -2.0), ("b", -3.0), ("b", -4.0)]
    assert of_target(told, "abab", "b").tolist() == [-3.0]


# How servers refuse so many log-probabilities, and how many are asked for then.
REFUSED = {
    "Invalid value for 'logprobs': must be less than or equal to 5.": 5,
    "Requested sample logprobs of 20, which is greater than max allowed: 10": 10,
    "top_logprobs: Input should be less than or equal to 5": 5,
    "This model does not support logprobs (model gpt-5)": None,
}


@pytest.mark.parametrize(("message", "most"), REFUSED.items())
@pytest.mark.parametrize("wanted", [{"logprobs": True, "top_logprobs": 20}, {"logprobs": 20}])
def test_limits_of_log_probabilities_are_learnt(message, most, wanted):
    dialect = Dialect()
    body = {"prompt": "x", **wanted}
    assert dialect.learn(body, message) == (most is not None)
    key = "top_logprobs" if "top_logprobs" in wanted else "logprobs"
    assert dialect.request(body)[key] == (most or 20)
    assert len(dialect.said) == (most is not None)


def config(folder, server, **options):
    given = {"adapter": "openai-compatible", "model": "m", "base_url": server.url, "pause": 0.0, "logprobs": True}
    (folder / "remote.yaml").write_text(json.dumps({**given, **options}))
    return folder / "remote.yaml"


def by_length(_number, body):
    """Answer every form of question by the lengths of texts, so that orders are known."""
    text = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
    if body.get("echo"):
        return echo([*text, "!"], text + "!")
    return (chat if "messages" in body else completion)([("Yes", -len(text) / 1e3), ("A", -1.0), ("B", -2.0)])


ROWS = {
    "pointwise": ({}, []),
    "setwise": ({}, []),
    "pairwise": ({}, []),
    "listwise-likelihood": ({}, []),
    "query-likelihood": ({"api": "completions"}, ["--set", "method.prompt.chat=false"]),
}


@pytest.mark.parametrize("method", ROWS)
def test_rules_by_probabilities_run_over_an_endpoint(method, server, tmp_path):
    options, more = ROWS[method]
    server.reply = by_length
    row = ["eval", "synonyms", "--method", method, "--set", "method.cut={unit: words}", *more, "--limit", "2"]
    code, screen = call(
        *row, "--model", config(tmp_path, server, **options), "--offline", "-q", "--out", tmp_path / "o"
    )
    assert code == 0, screen.err
    cost = read_result(next((tmp_path / "o").rglob("result.json")))["cost"]
    # Windows that did not change are asked about again, and answered from the store.
    assert cost["forward_passes"] - cost["answers_reused"] == len(server.seen)
    assert cost["answers_unreadable"] == 0


def test_the_echo_of_a_vllm_server():
    """What vLLM 0.16.0 answers to `echo` and one token more, as shown in ggml-org/llama.cpp#15189."""
    tokens = ["The", " step", " of", " boiling", " water", " is", ":", " ", "1"]
    values = [0.0, -8.8188, -1.5526, -13.5599, -2.0115, -2.2332, -8.537, -1.2871, -0.4106]
    told = list(zip(tokens, values, strict=True))
    assert of_target(told, "The step of boiling water is: ", "is: ").tolist() == pytest.approx(
        [-2.2332, -8.537, -1.2871]
    )
