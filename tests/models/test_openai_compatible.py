"""The endpoint adapter against a server on this machine: requests, retries, and what becomes of every failure."""

import threading
from collections import Counter
from datetime import date

import pytest

from tests.models.endpoint_server import SECRET, answer, serving
from zsbench.config.modified import model_block
from zsbench.core.cache import Cache
from zsbench.core.errors import RunError, UserError
from zsbench.core.yamlio import Document
from zsbench.models.capabilities import Prompt, Sampling
from zsbench.models.language.openai_compatible import openai_compatible


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("ZS_TEST_KEY", SECRET)
    Cache(tmp_path / "cache").use()
    with serving() as found:
        yield found


def model(server, **options):
    own = {"base_url": server.url, "key_env": "ZS_TEST_KEY", "pause": 0.0, "retries": 2}
    return openai_compatible(**{"model": "m", **own, **options})


def one(adapter, **options):
    return adapter.generate([Prompt(text="hi")], max_new_tokens=5, **options)


def test_equal_prompts_are_asked_once(server):
    server.reply = lambda n, _body: answer(f"answer {n}")
    asked = [Prompt(text=text) for text in ("one", "two", "one", "one")]
    first, second, *again = model(server, concurrency=1).generate(asked, max_new_tokens=5)
    assert (first, second, again) == ("answer 1", "answer 2", ["answer 1", "answer 1"])


def test_a_chat_request_and_its_cost(server):
    adapter = model(server, extra={"seed": 1, "temperature": None})
    messages = ({"role": "system", "content": "s"}, {"role": "user", "content": "u"})
    assert adapter.generate([Prompt(messages=messages, answer=" Passage:")], max_new_tokens=5, stop=["x"]) == ["hello"]
    [(path, headers, body)] = server.seen
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert body == {"messages": list(messages), "model": "m", "max_tokens": 5, "stop": ["x"], "seed": 1}
    assert (adapter.cost.tokens, adapter.cost.tokens_generated, adapter.cost.forward_passes) == (7, 3, 1)


def test_completions_take_the_opened_answer(server):
    server.reply = lambda _n, _body: answer("2] > [1", key="text")
    adapter = model(server, api="completions", length_key="max_completion_tokens")
    assert adapter.generate([Prompt(text="rank ", answer="[")], max_new_tokens=5) == ["2] > [1"]
    path, _, body = server.seen[0]
    assert path == "/v1/completions"
    assert body == {"prompt": "rank [", "model": "m", "max_completion_tokens": 5, "temperature": 0}


def test_drawn_texts_are_asked_for_one_by_one_each_with_its_seed(server):
    server.reply = lambda _n, body: answer(f"{body.get('seed')} at {body.get('temperature')}\nmore")
    prompts, sampling = [Prompt(text="a")] * 3, Sampling(0.7, (5, 6, 5))
    texts = [f"{seed} at 0.7" for seed in sampling.seeds]
    assert model(server).generate(prompts, max_new_tokens=5, stop=["\n"], sampling=sampling) == texts
    own = model(server, extra={"seed": 1, "temperature": 0.2})
    assert own.generate(prompts, max_new_tokens=5, stop=["\n"], sampling=sampling) == texts
    bare = model(server, extra={"seed": None})
    assert bare.generate(prompts, max_new_tokens=5, stop=["\n"], sampling=sampling) == ["None at 0.7"] * 3
    # Every seed once: the same question with the same seed is kept. Without its seed a draw stays one of its own.
    assert Counter(body.get("seed") for _, _, body in server.seen) == {5: 1, 6: 1, None: 2}


def test_answers_keep_the_order_of_prompts_and_are_cut_at_stop_texts(server):
    server.reply = lambda _n, body: answer(body["messages"][0]["content"] + "\nmore")
    prompts = [Prompt(text=f"prompt {i}") for i in range(9)]
    assert model(server).generate(prompts, max_new_tokens=5, stop=["\n"]) == [p.text for p in prompts]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_endpoint_is_asked_again(server, status):
    server.reply = lambda n, _body: (status, {"error": {"message": "busy"}}, {}) if n < 3 else answer("late")
    assert one(model(server)) == ["late"]
    assert len(server.seen) == 3


def test_an_endpoint_that_stays_busy_ends_the_run(server):
    server.reply = lambda _n, _body: (429, {"error": {"message": "rate limit reached"}}, {"Retry-After": "0"})
    with pytest.raises(RunError, match=r"HTTP 429 rate limit reached \(3 tries\)"):
        one(model(server))
    assert len(server.seen) == 3


def test_a_refusal_is_not_asked_again_and_never_shows_the_key(server):
    server.reply = lambda _n, _body: (401, {"error": {"message": f"wrong key {SECRET}"}}, {})
    with pytest.raises(RunError, match="HTTP 401 wrong key") as failure:
        one(model(server))
    assert SECRET not in str(failure.value)
    assert len(server.seen) == 1


def test_no_half_of_a_key_is_left_where_a_message_is_cut(server):
    long = "x" * (200 - len(SECRET) // 2)
    server.reply = lambda _n, _body: (401, {"error": {"message": f"{long}{SECRET}"}}, {})
    with pytest.raises(RunError, match="HTTP 401") as failure:
        one(model(server))
    assert SECRET[:5] not in str(failure.value)
    server.reply = lambda _n, _body: (200, {"error": {"message": f"{long}{SECRET}"}}, {})
    with pytest.raises(RunError, match="xxxx") as failure:
        one(model(server))
    assert SECRET[:5] not in str(failure.value)


def test_a_redirect_is_not_followed(server):
    server.reply = lambda _n, _body: (302, b"", {"Location": "http://127.0.0.1:9/"})
    with pytest.raises(RunError, match="HTTP 302"):
        one(model(server))


def test_a_time_out_ends_the_run(server):
    release = threading.Event()
    server.reply = lambda _n, _body: (release.wait(5), answer("late"))[1]
    with pytest.raises(RunError, match=r"no whole answer within 0.1 seconds \(time-out\)"):
        one(model(server, timeout=0.1, retries=1))
    release.set()
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "no text"),
        ({"choices": []}, "no text"),
        ({"error": {"message": "no such model"}}, "no such model"),
    ],
)
def test_a_malformed_answer_is_one_sentence(server, reply, said):
    server.reply = lambda _n, _body: (200, reply, {})
    with pytest.raises(RunError, match=said):
        one(model(server))


def test_an_answer_without_content_is_empty(server):
    server.reply = lambda _n, _body: (200, {"choices": [{"message": {"content": None}}]}, {})
    assert one(model(server)) == [""]


@pytest.mark.parametrize(
    "content",
    [
        "[2] > [1]",
        [{"type": "text", "text": "[2]"}, {"type": "thinking", "x": "?"}, {"type": "text", "text": " > [1]"}],
    ],
)
def test_text_in_parts_is_joined_and_counts_may_be_null(server, content):
    reply = {"choices": [{"message": {"content": content}}], "usage": {"prompt_tokens": None, "completion_tokens": 3}}
    server.reply = lambda _n, _body: (200, reply, {})
    adapter = model(server)
    assert one(adapter) == ["[2] > [1]"]
    assert (adapter.cost.tokens, adapter.cost.tokens_generated) == (0, 3)


@pytest.mark.parametrize("content", [{"text": "x"}, 5, [5], [{"type": "text"}], [{"type": "text", "text": 5}]])
def test_content_that_is_no_text_is_one_sentence(server, content):
    server.reply = lambda _n, _body: (200, {"choices": [{"message": {"content": content}}]}, {})
    with pytest.raises(RunError, match="no text"):
        one(model(server))


def test_nobody_listens():
    with pytest.raises(RunError, match="no connection") as failure:
        one(openai_compatible(model="m", base_url="http://127.0.0.1:9/v1"))
    assert "an endpoint that is running" in str(failure.value)


def test_the_key_is_part_of_nothing(server, monkeypatch):
    first = model(server).fingerprint
    monkeypatch.setenv("ZS_TEST_KEY", "another")
    assert model(server).fingerprint == first
    assert model(server, extra={"seed": 1}).fingerprint != first


def test_bad_options_are_told_at_once(monkeypatch, server):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UserError, match="OPENAI_API_KEY is not set"):
        openai_compatible(model="m")
    secret = ("http://me:pw@x/v1", "http://x/v1?token=pw", "http://x/v1#pw", "http://x:pw/v1", "http://x y/pw")
    for address in ("ftp://x/v1", "x", "http://[::1/v1", *secret):
        with pytest.raises(UserError, match="address") as failure:
            openai_compatible(model="m", base_url=address)
        assert "pw" not in str(failure.value)
    with pytest.raises(RunError, match="conversation"):
        model(server, api="completions").generate(
            [Prompt(messages=({"role": "user", "content": "u"},))], max_new_tokens=1
        )


def test_the_default_key_goes_to_its_own_host_alone(monkeypatch, server):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    one(openai_compatible(model="m", base_url=server.url))
    one(openai_compatible(model="n", base_url=server.url, key_env="OPENAI_API_KEY"))
    without, named = (headers for _, headers, _ in server.seen)
    assert "Authorization" not in without
    assert named["Authorization"] == f"Bearer {SECRET}"
    keys = [openai_compatible(model="m", base_url=f"{address}/v1")._client.address.key for address in ADDRESSES]
    assert keys == [SECRET, "", "", ""]


ADDRESSES = ("https://api.openai.com", "http://api.openai.com", "https://api.openai.com.x.org", "https://x.org")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timeout": 1e30}, "timeout"),
        ({"timeout": 0}, "timeout"),
        ({"retries": 10**6}, "retries"),
        ({"pause": 1e30}, "pause"),
        ({"concurrency": 10**9}, "concurrency"),
        ({"model": ""}, "model"),
        ({"base_url": "http://x/v1?api_key=pw"}, "address"),
        ({"key_env": "sk-pw"}, "environment variable"),
        ({"extra": {"messages": []}}, "'messages', which the request sets itself"),
        ({"extra": {"model": "other"}}, "'model', which the request sets itself"),
        ({"extra": {"x": [float("inf")]}}, "extra"),
        ({"extra": {"x": date(2024, 1, 1)}}, "what JSON cannot hold"),
    ],
)
def test_nonsense_is_refused_with_the_config_and_shows_no_secret(options, said, tmp_path):
    value = {"adapter": "openai-compatible", "model": "m", **options}
    with pytest.raises(UserError, match=said) as failure:
        model_block(value, Document(tmp_path / "m.yaml", value), ())
    assert "pw" not in str(failure.value)
