"""Re-rankers behind HTTP, `/rerank`: a query and its documents go out together, a score comes back for each.

    cohere   {model, query, documents} -> {results: [{index, relevance_score}]}      Cohere, Jina, vLLM, many gateways
    tei      {query, texts} -> [{index, score}]                                      Text Embeddings Inference

Every answer is kept as it arrives, and asked for once: see `models/endpoints/store.py`.

Source: the rerank interface of Cohere, as vLLM documents it, and that of Text Embeddings Inference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import Count, Text
from zsbench.core.lazy import FloatArray, np
from zsbench.core.records import Cost
from zsbench.models.capabilities import PairScorer
from zsbench.models.endpoints import address, options
from zsbench.models.endpoints.asker import Asker
from zsbench.models.endpoints.client import Client, Manners
from zsbench.models.endpoints.options import ASIDE, Concurrency, Pause, Retries, Timeout

Form = Literal["cohere", "tei"]
_TEXTS = {"cohere": "documents", "tei": "texts"}
_SCORES = ("relevance_score", "score")


def _check(given: dict[str, Any]) -> None:
    options.check(given, reserved=("model", "query", "documents", "texts", "top_n"))


@declare(offers=(PairScorer,), aside=ASIDE)
@companions(check=_check)
def rerank_endpoint(
    *,
    model: Text,
    base_url: Text,
    key_env: Text | None = None,
    key_header: Text = "Authorization",
    headers: dict[Text, Text] = {},  # noqa: B006 - never changed, like the next two
    query: dict[Text, Text] = {},  # noqa: B006
    form: Form = "cohere",
    batch: Count = 100,
    extra: dict[str, Any] = {},  # noqa: B006
    timeout: Timeout = 120.0,
    retries: Retries = 5,
    pause: Pause = 1.0,
    concurrency: Concurrency = 4,
) -> RerankEndpoint:
    """Ask a re-ranker.

    Parameters
    ----------
    model : the model's name there.
    base_url : address up to and with the version; `/rerank` follows it.
    key_env, key_header, headers, query : as for `openai-compatible`.
    form : how the endpoint writes questions and answers.
    batch : documents in a request; a query with more asks several times.
    extra : further keys of the request, e.g. `{max_tokens_per_doc: 512}`.
    timeout, retries, pause, concurrency : as for `openai-compatible`.
    """
    place = address.opened(base_url, key_env, key_header, headers, query)
    return RerankEndpoint(model, Client(place, Manners(timeout, retries, pause, concurrency)), form, batch, extra)


class RerankEndpoint:
    """A `PairScorer` over HTTP."""

    device = dtype = "remote"

    def __init__(self, model: str, client: Client, form: Form, batch: int, extra: dict[str, Any]) -> None:
        self._client, self._form, self._batch, self._extra = client, form, batch, extra
        self._asker = Asker(client, "/rerank", model, read=scored)
        self.concurrency, self.cost = client.manners.concurrency, Cost()

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the endpoint, what it serves, and how it is asked."""
        return self._asker.fingerprint("rerank-endpoint", self._form, self._batch, self._extra)

    @property
    def facts(self) -> dict[str, Any]:
        """What the endpoint says it serves."""
        return {"serves": self._asker.who} if self._asker.who else {}

    def stop(self) -> None:
        """End the requests under way."""
        self._client.stop()

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> FloatArray:
        """Return (n_pairs,) scores; the documents of one query go out together.

        Raises
        ------
        RunError
            The endpoint fails, or answers with fewer scores than it was given documents.
        """
        rows: dict[str, list[int]] = {}
        for row, (query, _) in enumerate(pairs):
            rows.setdefault(query, []).append(row)
        parts = [
            (query, part[start : start + self._batch])
            for query, part in rows.items()
            for start in range(0, len(part), self._batch)
        ]
        questions = [self._question(query, [pairs[row][1] for row in part]) for query, part in parts]
        answers, n_reused = self._asker.ask(questions)
        self.cost.forward_passes += len(questions)
        self.cost.answers_reused += n_reused
        scores = np.empty(len(pairs), dtype=np.float32)
        for (_, part), by_index in zip(parts, answers, strict=True):
            if by_index.keys() != set(range(len(part))):
                raise self._client.address.failure(f"scores of {len(by_index)} documents where {len(part)} were sent")
            scores[part] = [by_index[index] for index in range(len(part))]
        return scores

    def _question(self, query: str, documents: list[str]) -> dict[str, Any]:
        self.cost.asked(f"{query}\n{documents[0]}")
        whole = {"top_n": len(documents)} if self._form == "cohere" else {}
        return {"query": query, _TEXTS[self._form]: documents, **whole, **self._extra}


def scored(answer: Any) -> dict[int, float]:
    """Return the score of each document by its place in the request.

    Raises
    ------
    ValueError
        There are no results, or a score is no finite number.
    """
    results = answer if isinstance(answer, list) else answer.get("results", answer.get("data"))
    if not isinstance(results, list):
        raise ValueError("the answer has no results")
    scores = {}
    for result in results:
        score = next((result[key] for key in _SCORES if isinstance(result, dict) and key in result), None)
        if not isinstance(score, int | float) or not math.isfinite(score) or not isinstance(result.get("index"), int):
            raise ValueError("a result without an index and a finite score")
        scores[result["index"]] = float(score)
    return scores
