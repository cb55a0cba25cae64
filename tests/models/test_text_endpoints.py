"""Re-rankers and text encoders over HTTP: what is sent, what is read, and answers that lack something."""

import json

import numpy as np
import pytest

from tests.command import call
from tests.models.endpoint_server import SECRET, serving
from zsbench.core.cache import Cache
from zsbench.core.errors import RunError
from zsbench.models.text.embeddings_endpoint import embeddings_endpoint
from zsbench.models.text.rerank_endpoint import rerank_endpoint
from zsbench.results.store import read_result

PAIRS = [("q", "aaa"), ("q", "a"), ("other", "aa"), ("q", "aaaa")]
SENT = {"key_env": "ZS_TEST_KEY", "key_header": "api-key", "headers": {"X-A": "1"}, "query": {"v": "2"}}


def ranked(_number, body):
    """Score documents by their length, in the form of the request, best first."""
    texts = body.get("documents", body.get("texts"))
    name = "relevance_score" if "documents" in body else "score"
    results = [{"index": i, name: len(text) / 10} for i, text in enumerate(texts)]
    results.sort(key=lambda result: -result[name])
    return 200, {"results": results} if "documents" in body else results, {}


def embedded(_number, body):
    """Return (length, 1) of every text, last text first."""
    data = [{"index": i, "embedding": [float(len(text)), 1.0]} for i, text in enumerate(body["input"])]
    return 200, {"data": data[::-1], "model": "e", "usage": {"prompt_tokens": len(data)}}, {}


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("ZS_TEST_KEY", SECRET)
    Cache(tmp_path / "cache").use()
    with serving(ranked) as found:
        yield found


@pytest.mark.parametrize("form", ["cohere", "tei"])
def test_scores_stand_where_their_pairs_stand(server, form):
    model = rerank_endpoint(model="r", base_url=server.url, form=form, extra={"seed": 1}, **SENT)
    np.testing.assert_allclose(model.score_pairs(PAIRS), [0.3, 0.1, 0.2, 0.4], rtol=1e-6)
    path, headers, body = next(request for request in server.seen if request[2]["query"] == "q")
    assert path == "/v1/rerank?v=2"
    assert (headers["Api-Key"], headers["X-A"], body["seed"], body["model"]) == (SECRET, "1", 1, "r")
    assert body["documents" if form == "cohere" else "texts"] == ["aaa", "a", "aaaa"]
    assert model.cost.forward_passes == 2
    model.score_pairs(PAIRS)
    assert (len(server.seen), model.cost.answers_reused) == (2, 2)


def test_many_documents_are_asked_about_in_parts(server):
    model = rerank_endpoint(model="r", base_url=server.url, batch=2)
    pairs = [("q", "a" * n) for n in (5, 2, 9, 1, 4)]
    np.testing.assert_allclose(model.score_pairs(pairs), [0.5, 0.2, 0.9, 0.1, 0.4], rtol=1e-6)
    assert sorted(len(body["documents"]) for _, _, body in server.seen) == [1, 2, 2]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"results": []}, "scores of 0 documents where 1 were sent"),
        ({"hits": []}, "no results"),
        ({"results": [{"index": 0, "relevance_score": "high"}]}, "finite score"),
        ({"results": [{"index": 0, "relevance_score": float("nan")}]}, "finite score"),
        ({"results": [{"relevance_score": 1.0}]}, "an index"),
        ({"results": [{"index": 7, "relevance_score": 1.0}]}, "scores of 1 documents where 1 were sent"),
    ],
)
def test_answers_that_lack_a_score_are_one_sentence(server, reply, said):
    server.reply = lambda _n, _body: (200, reply, {})
    with pytest.raises(RunError, match=said):
        rerank_endpoint(model="r", base_url=server.url).score_pairs([("q", "a")])


def test_vectors_stand_in_the_order_of_their_texts(server):
    server.reply = embedded
    options = {
        "normalise": False,
        "batch": 2,
        "query_prefix": "q: ",
        "document_prefix": "d: ",
        "extra": {"dimensions": 2},
    }
    model = embeddings_endpoint(model="e", base_url=server.url, **options, **SENT)
    assert model.encode_documents(["a", "aaa", "aa"])[:, 0].tolist() == [4, 6, 5]
    assert model.encode_queries(["aaaa"]).tolist() == [[7, 1]]
    path, headers, body = server.seen[0]
    assert (path, headers["Api-Key"], body["dimensions"]) == ("/v1/embeddings?v=2", SECRET, 2)
    assert (model.cost.forward_passes, model.cost.tokens) == (3, 4)
    unit = embeddings_endpoint(model="e", base_url=server.url)
    np.testing.assert_allclose(np.linalg.norm(unit.encode_queries(["abc", "d"]), axis=1), 1, rtol=1e-6)
    assert unit.fingerprint != model.fingerprint


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"data": []}, "0 vectors where 1 texts|no finite numbers"),
        ({"vectors": []}, "no embeddings"),
        ({"data": [{"index": 0, "embedding": [1.0, None]}]}, "no finite|no lists"),
        ({"data": [{"index": 0, "embedding": "AAAA"}]}, "no lists of numbers"),
    ],
)
def test_answers_that_lack_a_vector_are_one_sentence(server, reply, said):
    server.reply = lambda _n, _body: (200, reply, {})
    with pytest.raises(RunError, match=said):
        embeddings_endpoint(model="e", base_url=server.url).encode_queries(["a"])


def test_a_whole_run_over_a_re_ranker(server, tmp_path):
    (tmp_path / "r.yaml").write_text(json.dumps({"adapter": "rerank-endpoint", "model": "r", "base_url": server.url}))
    row = ("eval", "synonyms", "--limit", "3", "--model", tmp_path / "r.yaml", "--method", "cross-encoder")
    code, screen = call(*row, "--offline", "-q", "--out", tmp_path / "out")
    assert code == 0, screen.err
    assert read_result(next((tmp_path / "out").rglob("result.json")))["cost"]["forward_passes"] == 3
