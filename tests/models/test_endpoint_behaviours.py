"""What servers do to a client, one by one: a busy one is asked again, a strange one is named, no answer is misread."""

import json
import os
import signal
import threading
import time
from email.utils import formatdate

import pytest

from tests.models.endpoint_server import SECRET, answer, serving
from zsbench.core.cache import Cache
from zsbench.core.errors import RunError, UserError
from zsbench.models.capabilities import Prompt
from zsbench.models.endpoints import address, replies
from zsbench.models.endpoints.store import AnswerStore
from zsbench.models.language.openai_compatible import Price, openai_compatible
from zsbench.models.thinking import final_answer


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("ZS_TEST_KEY", SECRET)
    Cache(tmp_path / "cache").use()
    with serving() as found:
        yield found


def model(server, **options):
    own = {"base_url": server.url, "key_env": "ZS_TEST_KEY", "pause": 0.0, "retries": 2}
    return openai_compatible(**{"model": "m", **own, **options})


def ask(adapter, *texts, **options):
    return adapter.generate([Prompt(text=text) for text in texts or ("hi",)], **{"max_new_tokens": 5, **options})


def reply_of(body, status=200, headers=()):
    return lambda _number, _body: (status, body, dict(headers))


def first_then(first, then="late"):
    return lambda number, _body: first if number == 1 else answer(then)


# An answer that is worth asking for again.
BUSY = {
    "overload of the model behind a gateway": (529, {"error": {"message": "overloaded"}}, {}),
    "no answer from the origin": (522, b"error code: 522", {}),
    "too early": (425, b"", {}),
    "an error with status 200": (200, {"error": {"code": 429, "message": "slow down"}}, {}),
    "an error within a choice": (200, {"choices": [{"finish_reason": "error", "message": {"content": ""}}]}, {}),
    "an error that a choice explains": (200, {"choices": [{"error": {"code": 502, "message": "upstream"}}]}, {}),
    "a body cut off, its length wrong": (200, b'{"choices": [', {"Content-Length": "5000"}),
    "a body cut off, its length right": (200, b'{"choices": [', {}),
    "no body": (200, b"", {}),
    "a busy answer whose body is cut off": (503, b"{", {"Content-Length": "5000"}),
}


@pytest.mark.parametrize("first", BUSY.values(), ids=BUSY.keys())
def test_a_busy_or_broken_answer_is_asked_for_again(server, first):
    server.reply = first_then(first)
    assert ask(model(server)) == ["late"]
    assert len(server.seen) == 2


# An answer that stays as it is, and what the message says of it.
FINAL = {
    "a page": (200, b"<html><title>Sign in</title>", {}, "not JSON: <html><title>Sign in"),
    "a stream of events": (200, b'data: {"choices": []}\n\n', {}, "a stream of events"),
    "a list": (200, b"[1]", {}, "no text"),
    "a number": (200, b"1", {}, "neither a JSON object nor a list"),
    "content is a number": (200, {"choices": [{"message": {"content": 5}}]}, {}, "no text"),
    "not implemented": (501, {"error": {"message": "no chat here"}}, {}, "HTTP 501 no chat here"),
    "details of a schema": (422, {"detail": [{"msg": "Field required"}]}, {}, "HTTP 422 Field required"),
    "a plain detail": (404, {"detail": "Not Found"}, {}, "HTTP 404 Not Found"),
    "a blocked client": (403, b"error code: 1010", {}, "HTTP 403 error code: 1010"),
    "a redirect": (307, b"", {"Location": "http://127.0.0.1:9/"}, "HTTP 307"),
    "control characters": (400, b"\x1b[2Jbad", {}, "HTTP 400 .2Jbad"),
}


@pytest.mark.parametrize("case", FINAL.values(), ids=FINAL.keys())
def test_any_other_answer_ends_in_one_sentence(server, case):
    status, body, headers, said = case
    server.reply = reply_of(body, status, headers)
    with pytest.raises(RunError, match=said) as failure:
        ask(model(server))
    assert "\x1b" not in str(failure.value)
    assert "\n" not in str(failure.value)
    assert len(server.seen) == 1


THOUGHTS = [
    ("<think>[3] or [1]?</think>\n[1] > [3]", "\n[1] > [3]"),
    ("[3] or [1]?</think>[1]", "[1]"),
    ("<think>[1] [2] [3]", None),
    ("[THINK]first [2][/THINK][1]", "[1]"),
    ("<|channel|>analysis<|message|>[2]<|end|><|start|>assistant<|channel|>final<|message|>[1]<|return|>", "[1]"),
    ("<|channel|>analysis<|message|>[2] then", None),
    ("analysisThe user wants [2].assistantfinal[1]", "[1]"),
    ("analysis of the passages: [1]", "analysis of the passages: [1]"),
    ("The tag <think> opens thoughts: B", "The tag <think> opens thoughts: B"),
    ("plain", "plain"),
]


@pytest.mark.parametrize(("text", "final"), THOUGHTS)
def test_thoughts_are_no_answer(server, text, final):
    assert final_answer(text) == final
    server.reply = lambda _n, _body: answer(text, finish_reason="length" if final is None else "stop")
    adapter = model(server)
    assert ask(adapter) == [(final or "").lstrip()]
    assert adapter.cost.answers_without_end == (final is None)


def test_thoughts_of_their_own_field_and_refusals_are_told_apart(server):
    choices = [
        {"message": {"content": "", "reasoning_content": "[1]"}, "finish_reason": "length"},
        {"message": {"content": None, "refusal": "I cannot"}, "finish_reason": "stop"},
        {"message": {"content": ""}, "finish_reason": "content_filter"},
        {"message": {"content": "B", "reasoning_content": "A?"}, "finish_reason": "stop"},
    ]
    server.reply = lambda _n, body: (200, {"choices": [choices[int(body["messages"][0]["content"])]]}, {})
    adapter = model(server)
    assert ask(adapter, "0", "1", "2", "3") == ["", "", "", "B"]
    assert (adapter.cost.answers_without_end, adapter.cost.answers_refused) == (1, 2)
    assert adapter.cost.answers_uncounted == 4


@pytest.mark.parametrize("header", ["retry-after-ms", "retry-after", "date"])
def test_an_endpoint_says_how_long_to_wait(header):
    values = {"retry-after-ms": "2500", "retry-after": "2.5", "date": formatdate(time.time() + 3, usegmt=True)}
    name = "retry-after" if header == "date" else header
    assert replies.seconds({name: values[header]}) == pytest.approx(2.5, abs=1.5)
    assert replies.seconds({name: "soon"}) == 0


def test_waiting_for_too_long_is_an_error(server):
    server.reply = reply_of({"error": {"message": "quota"}}, 429, {"Retry-After": "86400"})
    with pytest.raises(RunError, match="asks to wait for 86400 seconds"):
        ask(model(server))


def test_a_trickling_body_ends_at_the_deadline(server):
    def trickle(_number, _body):
        time.sleep(0.6)
        return answer("late")

    server.reply = trickle
    started = time.monotonic()
    with pytest.raises(RunError, match="time-out"):
        ask(model(server, timeout=0.2, retries=0))
    assert time.monotonic() - started < 0.6


# An option that an endpoint refuses, how it says so, and what is sent then.
LESSONS = {
    "another name of the length": (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        {"max_completion_tokens": 5, "temperature": 0},
    ),
    "its own temperature alone": (
        "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
        {"max_tokens": 5},
    ),
    "no system turns": ("Conversation roles must alternate user/assistant/user/assistant/...", None),
}


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_an_endpoint_refuses_is_learnt_once_and_said(server, lesson):
    message, sent = LESSONS[lesson]

    def reply(_number, body):
        refused = "max_tokens" in body if "max_tokens'" in message else "temperature" in body
        if "roles" in message:
            refused = body["messages"][0]["role"] == "system"
        return (400, {"error": {"message": message}}, {}) if refused else answer("yes")

    server.reply = reply
    adapter = model(server, concurrency=1)
    messages = ({"role": "system", "content": "s"}, {"role": "user", "content": "u"})
    prompts = [Prompt(messages=messages), Prompt(text="other")]
    assert adapter.generate(prompts, max_new_tokens=5) == ["yes", "yes"]
    bodies = [body for _, _, body in server.seen]
    assert len(bodies) == 3
    assert len(adapter.facts["learnt"]) == 1
    if sent is None:
        assert bodies[1]["messages"] == [{"role": "user", "content": "s\n\nu"}]
    else:
        assert {key: bodies[2][key] for key in bodies[2] if key not in ("model", "messages")} == sent


def test_a_refusal_that_teaches_nothing_ends_the_run(server):
    server.reply = reply_of({"error": {"message": "this model's maximum context length is 4096 tokens"}}, 400)
    with pytest.raises(RunError, match="maximum context length"):
        ask(model(server))
    assert len(server.seen) == 1


def test_one_failure_loses_nothing_else(server, tmp_path):
    def reply(_number, body):
        if body["messages"][0]["content"] == "3":
            time.sleep(0.05)
            return 400, {"error": {"message": "too long"}}, {}
        return answer(body["messages"][0]["content"])

    server.reply = reply
    texts = [str(n) for n in range(6)]
    with pytest.raises(RunError, match="too long"):
        ask(model(server, concurrency=6), *texts)
    server.reply = lambda _n, body: answer(body["messages"][0]["content"])
    asked = len(server.seen)
    again = model(server, concurrency=1, timeout=7, retries=9)
    assert ask(again, *texts) == texts
    assert [body["messages"][0]["content"] for _, _, body in server.seen[asked:]] == ["3"]
    assert (again.cost.answers_reused, again.cost.forward_passes, again.cost.tokens) == (5, 6, 42)


def test_stored_answers_are_those_of_the_same_question(server):
    server.reply = lambda number, _body: answer(str(number))
    assert ask(model(server)) == ask(model(server)) == ["1"]
    assert ask(model(server, extra={"seed": 1})) == ["2"]
    assert ask(model(server), max_new_tokens=6) == ["3"]
    assert ask(model(server, model="other")) == ["4"]
    assert ask(model(server), "another prompt") == ["5"]
    assert ask(model(server)) == ["1"]


def test_fresh_answers_replace_the_stored_ones(server, tmp_path):
    server.reply = lambda number, _body: answer(str(number))
    assert ask(model(server)) == ["1"]
    Cache(tmp_path / "cache", read=False).use()
    adapter = model(server)
    assert ask(adapter) == ask(adapter) == ["2"]
    Cache(tmp_path / "cache").use()
    assert ask(model(server)) == ["2"]


def test_another_model_behind_the_same_name_is_another_question(server):
    server.models = {"data": [{"id": "qwen"}]}
    server.reply = lambda number, _body: answer(str(number))
    first = model(server, model="default")
    assert ask(first) == ["1"]
    server.models = {"data": [{"id": "llama"}]}
    second = model(server, model="default")
    assert ask(second) == ["2"]
    assert first.fingerprint != second.fingerprint
    assert second.facts == {"serves": "llama", "answered by": ["m-1"]}
    server.models = None  # nobody says now, so that what was served last counts
    assert ask(model(server, model="default")) == ["2"]


def test_answers_of_two_builds_are_a_doubt(server):
    server.reply = lambda number, _body: (200, {**answer("x")[1], "system_fingerprint": f"fp{number}"}, {})
    adapter = model(server)
    ask(adapter, "one")
    assert adapter.doubt == ""
    ask(adapter, "two")
    assert "2 models or builds: m-1 fp1, m-1 fp2" in adapter.doubt


def test_a_prompt_that_the_server_cut_is_counted(server):
    adapter = model(server)
    ask(adapter, "word " * 100)
    assert adapter.cost.prompts_cut == 1


def test_a_price_stands_with_the_row(server):
    adapter = model(server, price=Price(input=1.0, output=10.0))
    ask(adapter)
    assert adapter.cost.price == pytest.approx((7 * 1 + 3 * 10) / 1e6)


def test_azure_has_a_header_and_a_query_of_its_own(server):
    ask(model(server, key_header="api-key", query={"api-version": "2024-10-21"}, headers={"X-Team": "a"}))
    path, headers, _ = server.seen[0]
    assert path == "/v1/chat/completions?api-version=2024-10-21"
    assert (headers["Api-Key"], headers["X-Team"]) == (SECRET, "a")
    assert "Authorization" not in headers
    assert headers["User-Agent"] == "zsbench"


@pytest.mark.parametrize("key", ["a\nb", "schl\u00fcssel", "a\x00b"])
def test_a_key_that_no_header_can_carry(server, monkeypatch, key):
    monkeypatch.setattr(os, "environ", {**os.environ, "ZS_TEST_KEY": key})
    with pytest.raises(UserError, match="characters that a header cannot carry"):
        model(server)


def test_a_line_end_behind_a_key_is_left_out(server, monkeypatch):
    monkeypatch.setenv("ZS_TEST_KEY", f"{SECRET}\r\n")
    ask(model(server))
    assert server.seen[0][1]["Authorization"] == f"Bearer {SECRET}"


def test_short_keys_are_hidden_as_words_alone():
    short = address.Address("http://x/v1", "x")
    assert short.masked("x in text") == "*** in text"


def test_an_interrupted_call_ends_at_once_and_keeps_what_came(server, tmp_path):
    def reply(_number, body):
        if body["messages"][0]["content"] != "0":
            time.sleep(20)
        return answer("kept")

    server.reply = reply
    threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask(model(server, concurrency=3), "0", "1", "2", "3")
    assert time.monotonic() - started < 5
    assert len(AnswerStore(tmp_path / "cache")) == 1


def test_workers_change_no_answer(server):
    def reply(_number, body):
        text = body["messages"][0]["content"]
        time.sleep(int(text) % 3 / 100)
        return answer(text * 2)

    server.reply = reply
    texts = [str(n) for n in range(24)]
    answers = [ask(model(server, concurrency=n, extra={"seed": n}), *texts) for n in (1, 4, 16)]
    assert answers == [[text * 2 for text in texts]] * 3


@pytest.mark.parametrize("limit", [{"requests_per_minute": 600}, {"tokens_per_minute": 6000}])
def test_requests_and_tokens_a_minute_are_kept_to(server, limit):
    started = time.monotonic()
    # About ten tokens each, five of them of the answer.
    ask(model(server, **limit), "0", "1", "2", "3")
    assert time.monotonic() - started >= 0.3
    assert len(server.seen) == 4


def test_what_is_stored_is_what_the_server_sent(server, tmp_path):
    ask(model(server))
    import sqlite3

    with sqlite3.connect(tmp_path / "cache" / "answers.sqlite") as file:
        [(asked, kept)] = file.execute("select asked, answer from answers").fetchall()
    assert json.loads(kept) == answer("hello")[1]
    assert SECRET not in asked + kept
