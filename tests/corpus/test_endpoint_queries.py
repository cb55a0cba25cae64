"""Queries written by endpoints: every answer is kept as it comes, and what chats put before a query is no query."""

import json

import pytest

from tests.command import call
from tests.models.endpoint_server import answer, serving


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBENCH_CACHE", str(tmp_path / "cache"))
    with serving() as found:
        yield found


@pytest.fixture
def write(server, tmp_path):
    given = {"adapter": "openai-compatible", "model": "m", "base_url": server.url, "pause": 0.0, "retries": 0}
    (tmp_path / "m.yaml").write_text(json.dumps(given))
    rows = [{"_id": f"d{number}", "text": f"about amber {number}"} for number in range(9)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(*more, out="q.jsonl"):
        row = ["corpus", "queries", tmp_path / "c.jsonl", "--model", tmp_path / "m.yaml", "--out", tmp_path / out]
        code, screen = call(*row, *more)
        lines = (tmp_path / out).read_text(encoding="utf-8").split("\n")[:-1] if (tmp_path / out).exists() else []
        return code, screen.err, [json.loads(line) for line in lines]

    return run


# What an endpoint says, and the query in it.
ANSWERS = {
    "line ends first": ("\n\nwhat is amber", "what is amber"),
    "thoughts": ("<think>\nthe user wants\na query</think>\n\nwhat is amber\nmore", "what is amber"),
    "a line separator": ("what is\u2028amber", "what is\u2028amber"),
    "half of a character": ("what is amber \ud83d", "what is amber \ufffd"),
    "two halves": ("what is amber \ud83d\ude00", "what is amber \U0001f600"),
}


@pytest.mark.parametrize(("said", "query"), ANSWERS.values(), ids=ANSWERS.keys())
def test_a_query_is_what_stands_behind_line_ends_and_thoughts(said, query, server, write):
    server.reply = lambda _n, _body: answer(said)
    code, said, rows = write("--style", "promptagator", "--per-document", "1")
    assert code == 0, said
    assert [row["query"] for row in rows] == [query] * 9
    # A server would stop at the first line end, before the query.
    assert all("stop" not in body for _, _, body in server.seen)


@pytest.mark.parametrize("said", ["", "<think>\nthe user wants", "\n"])
def test_answers_without_any_query_are_an_error(said, server, write, tmp_path):
    server.reply = lambda _n, _body: answer(said, finish_reason="length")
    code, err, rows = write()
    assert (code, rows) == (3, [])
    assert "no query for any of 9 documents" in err
    assert not (tmp_path / "q.jsonl.part").exists()


def test_a_failure_within_a_batch_loses_no_answer(server, write):
    def reply(number, body):
        return (401, {"error": {"message": "no credit"}}, {}) if number > 5 else answer("what \u2028 is it")

    server.reply = reply
    code, err, _ = write("--style", "promptagator", "--per-document", "1")
    assert (code, "no credit" in err) == (3, True)
    server.reply = lambda _n, _body: answer("what is it")
    asked = len(server.seen)
    code, err, rows = write("--style", "promptagator", "--per-document", "1")
    assert (code, len(rows)) == (0, 9), err
    assert len(server.seen) - asked == 9 - 5


def test_a_finished_file_is_kept_and_another_one_asks_nothing_again(server, write):
    server.reply = lambda _n, _body: answer("what is it")
    assert write()[0] == 0
    assert len(server.seen) == 9
    code, err, _ = write("--seed", "1")
    assert (code, "is there already" in err) == (2, True)
    assert write(out="again.jsonl")[0] == 0
    assert len(server.seen) == 9


def test_a_part_of_other_options_is_kept(server, write, tmp_path):
    part = tmp_path / "q.jsonl.part"
    part.write_text("0" * 32 + '\n["d0", ["a query"], 0]\n')
    before = part.read_bytes()
    code, err, _ = write()
    assert code == 2
    assert "holds 1 document of other options or documents" in " ".join(err.split())
    assert part.read_bytes() == before
    assert server.seen == []
