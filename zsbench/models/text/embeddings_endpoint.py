"""Text encoders behind HTTP, `/embeddings`: {model, input: [text, ...]} -> {data: [{index, embedding}]}.

OpenAI, vLLM, Text Embeddings Inference, Ollama, LM Studio and llama.cpp speak it. Prefixes of queries and passages are
the user's to give, because the endpoint does not know which of the two a text is. Every answer is kept as it arrives.

Source: the embeddings interface of OpenAI.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import AnyText, Count, Text
from zsbench.core.lazy import FloatArray, np
from zsbench.core.records import Cost
from zsbench.core.vectors import unit_rows
from zsbench.models.capabilities import TextEncoder
from zsbench.models.endpoints import address, options
from zsbench.models.endpoints.address import OPENAI
from zsbench.models.endpoints.asker import Asker
from zsbench.models.endpoints.client import Client, Manners
from zsbench.models.endpoints.options import ASIDE, Concurrency, Pause, Retries, Timeout

_BASE = f"https://{OPENAI}/v1"


def _check(given: dict[str, Any]) -> None:
    options.check(given, base_url=_BASE, reserved=("model", "input", "encoding_format"))


@declare(offers=(TextEncoder,), aside=(*ASIDE, "batch"))
@companions(check=_check)
def embeddings_endpoint(
    *,
    model: Text,
    base_url: Text = _BASE,
    key_env: Text | None = None,
    key_header: Text = "Authorization",
    headers: dict[Text, Text] = {},  # noqa: B006 - never changed, like the next two
    query: dict[Text, Text] = {},  # noqa: B006
    query_prefix: AnyText = "",
    document_prefix: AnyText = "",
    normalise: bool = True,
    batch: Count = 64,
    extra: dict[str, Any] = {},  # noqa: B006
    timeout: Timeout = 120.0,
    retries: Retries = 5,
    pause: Pause = 1.0,
    concurrency: Concurrency = 4,
) -> EmbeddingsEndpoint:
    """Ask a text encoder.

    Parameters
    ----------
    model : the model's name there.
    base_url : address up to and with the version; `/embeddings` follows it.
    key_env, key_header, headers, query : as for `openai-compatible`.
    query_prefix, document_prefix : what is put before every text.
    normalise : make vectors of length 1, so that they compare by cosine.
    batch : texts in a request.
    extra : further keys of the request, e.g. `{dimensions: 512}`.
    timeout, retries, pause, concurrency : as for `openai-compatible`.
    """
    place = address.opened(base_url, key_env, key_header, headers, query)
    client = Client(place, Manners(timeout, retries, pause, concurrency))
    return EmbeddingsEndpoint(model, client, (query_prefix, document_prefix), normalise, batch, extra)


class EmbeddingsEndpoint:
    """A `TextEncoder` over HTTP."""

    device = dtype = "remote"

    def __init__(
        self, model: str, client: Client, prefixes: tuple[str, str], normalise: bool, batch: int, extra: dict[str, Any]
    ) -> None:
        self._client, self._prefixes, self._normalise, self._batch = client, prefixes, normalise, batch
        self._extra, self.cost = extra, Cost()
        self._asker = Asker(client, "/embeddings", model, read=embedded)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the endpoint, what it serves, prefixes and options."""
        return self._asker.fingerprint("embeddings-endpoint", *self._prefixes, self._normalise, self._extra)

    @property
    def facts(self) -> dict[str, Any]:
        """What the endpoint says it serves."""
        return {"serves": self._asker.who} if self._asker.who else {}

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Encode queries to (n_texts, width)."""
        return self._encode(texts, self._prefixes[0])

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Encode documents to (n_texts, width)."""
        return self._encode(texts, self._prefixes[1])

    def _encode(self, texts: Sequence[str], prefix: str) -> FloatArray:
        whole = [prefix + text for text in texts]
        self.cost.asked(whole[0])
        parts = [whole[start : start + self._batch] for start in range(0, len(whole), self._batch)]
        answers, n_reused = self._asker.ask([{"input": part, **self._extra} for part in parts])
        self.cost.forward_passes += len(parts)
        self.cost.answers_reused += n_reused
        for part, (rows, tokens) in zip(parts, answers, strict=True):
            if len(rows) != len(part):
                raise self._client.address.failure(f"{len(rows)} vectors where {len(part)} texts were sent")
            self.cost.tokens += tokens
        widths = {rows.shape[1] for rows, _ in answers}
        if len(widths) > 1:
            raise self._client.address.failure(f"vectors of different widths: {sorted(widths)}")
        vectors = np.concatenate([rows for rows, _ in answers])
        return (unit_rows(vectors) if self._normalise else vectors).astype(np.float32)


def embedded(answer: Any) -> tuple[FloatArray, int]:
    """Return the vectors (n, width), float32, in the order of the request, and the tokens that were read.

    Raises
    ------
    ValueError
        There are no vectors, they have no common width, or a number is not finite.
    """
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(row, dict) and "embedding" in row for row in data):
        raise ValueError("the answer has no embeddings")
    ordered = sorted(data, key=lambda row: int(row.get("index", 0)))
    try:
        vectors = np.asarray([row["embedding"] for row in ordered], dtype=np.float32)
    except (TypeError, ValueError):
        raise ValueError("the embeddings are no lists of numbers of one length") from None
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError("the embeddings are no finite numbers")
    usage = answer.get("usage") or {}
    tokens = usage.get("prompt_tokens", 0) if isinstance(usage, dict) else 0
    return vectors, int(tokens or 0)
