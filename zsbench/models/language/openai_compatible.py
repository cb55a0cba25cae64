"""Endpoints that speak OpenAI's HTTP interface (hosted models, vLLM, llama.cpp, Ollama): greedy text.

The key comes from an environment variable and stands in no result, fingerprint or message; OPENAI_API_KEY goes to
OpenAI alone unless `key_env` names it. Busy endpoints are asked again. A chat endpoint opens its turn itself, so a
prompt's own opening of the answer is left out there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Literal

from annotated_types import Le

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import Count, Natural, NonNegative, Positive, Text
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import Cost, canonical_json, digest
from zsbench.models import decoding
from zsbench.models.capabilities import Prompt, TextGenerator
from zsbench.models.language._endpoint import OPENAI, Endpoint, address, message

Api = Literal["chat", "completions"]
LengthKey = Literal["max_tokens", "max_completion_tokens"]
_BASE = f"https://{OPENAI}/v1"
# Keys that a request sets itself. Its temperature, stop texts and limit of length may be changed or removed.
_RESERVED = ("model", "messages", "prompt", "stream")
# A day in seconds: operating systems take no time-out much longer.
_DAY = 86_400


def _check(options: dict[str, Any]) -> None:
    address(str(options.get("base_url", _BASE)))
    # What stands there is not shown, because it may be the key itself.
    if options.get("key_env") is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", options["key_env"]):
        raise UserError("key_env", "no name of an environment variable", "the variable that holds the key")
    _check_extra(options.get("extra", {}))


def _check_extra(extra: dict[str, Any]) -> None:
    reserved = next((key for key in _RESERVED if key in extra), None)
    if reserved is not None:
        raise UserError("extra", f"a key '{reserved}', which the request sets itself", "other keys of a request")
    try:
        canonical_json(extra)
    except (TypeError, ValueError) as error:
        raise UserError("extra", f"what JSON cannot hold ({error})", "texts, finite numbers, lists, mappings") from None


@declare(offers=(TextGenerator,))
@companions(check=_check)
def openai_compatible(
    *,
    model: Text,
    base_url: Text = _BASE,
    key_env: Text | None = None,
    api: Api = "chat",
    length_key: LengthKey = "max_tokens",
    extra: dict[str, Any] = {},  # noqa: B006 - never changed
    timeout: Annotated[Positive, Le(_DAY)] = 120.0,
    retries: Annotated[Natural, Le(100)] = 5,
    pause: Annotated[NonNegative, Le(_DAY)] = 1.0,
    concurrency: Annotated[Count, Le(1000)] = 4,
) -> OpenAiCompatible:
    """Ask an endpoint.

    Parameters
    ----------
    model : the model's name there.
    base_url : address up to and with the version, e.g. `http://127.0.0.1:8000/v1`.
    key_env : environment variable with the key, sent to this address; null is OPENAI_API_KEY for OpenAI's own host,
        and no key for any other.
    api : `chat`, or `completions` for prompts without messages.
    length_key : what the endpoint calls the limit of the answer's length.
    extra : further keys of the request; null removes one (`{temperature: null}`).
    timeout : seconds for one answer.
    retries, pause : further tries of a busy endpoint, and the seconds before the first, doubled for each.
    concurrency : requests at a time.
    """
    path = "/chat/completions" if api == "chat" else "/completions"
    endpoint = Endpoint(base_url, path, key_env, timeout=timeout, retries=retries, pause=pause)
    return OpenAiCompatible(model, endpoint, api, length_key, extra, concurrency)


class OpenAiCompatible:
    """A `TextGenerator` over HTTP."""

    device = dtype = "remote"

    def __init__(
        self, model: str, endpoint: Endpoint, api: Api, length_key: LengthKey, extra: dict[str, Any], concurrency: int
    ) -> None:
        self._model, self._endpoint, self._api, self._length_key = model, endpoint, api, length_key
        self._extra, self._concurrency, self.cost = extra, concurrency, Cost()
        self.converses = api == "chat"
        self.fingerprint = digest(["openai-compatible", endpoint.url, model, canonical_json(extra)])

    def generate(self, prompts: Sequence[Prompt], *, max_new_tokens: int, stop: Sequence[str] = ()) -> list[str]:
        """Return the continuation of each prompt at temperature 0, cut before the first stop text.

        Equal prompts are asked once: endpoints may answer differently the second time.
        """
        bodies = [self._body(prompt, max_new_tokens, stop) for prompt in prompts]
        distinct = list(dict.fromkeys(bodies))
        with ThreadPoolExecutor(self._concurrency) as pool:
            answers = list(pool.map(self._endpoint.ask, distinct))
        texts = dict(zip(distinct, map(self._read, answers), strict=True))
        return [texts[body][: decoding.first_stop(texts[body], stop)] for body in bodies]

    def _body(self, prompt: Prompt, max_new_tokens: int, stop: Sequence[str]) -> bytes:
        """Return a request as JSON."""
        request = self._question(prompt)
        request |= {"model": self._model, self._length_key: max_new_tokens, "temperature": 0}
        request |= {"stop": list(stop)} if stop else {}
        kept = {key: value for key, value in {**request, **self._extra}.items() if value is not None}
        return json.dumps(kept).encode()

    def _question(self, prompt: Prompt) -> dict[str, Any]:
        """Return the prompt as the endpoint takes it.

        Raises
        ------
        RunError
            A conversation for an endpoint that completes plain text.
        """
        if self._api == "chat":
            messages = list(prompt.messages) or [{"role": "user", "content": prompt.text}]
            self.cost.asked(Prompt(messages=tuple(messages)).described())
            return {"messages": messages}
        if prompt.messages:
            raise RunError(self._endpoint.url, "a conversation", "a prompt without messages, or `api: chat`")
        self.cost.asked(prompt.text + prompt.answer)
        return {"prompt": prompt.text + prompt.answer}

    def _read(self, answer: Any) -> str:
        """Return the text of an answer and count its tokens."""
        try:
            choice = answer["choices"][0]
            text = _joined(choice["message"]["content"] if self._api == "chat" else choice["text"])
            usage = answer.get("usage") or {}
            # Some servers send null for what they did not count.
            self.cost.tokens += int(usage.get("prompt_tokens") or 0)
            self.cost.tokens_generated += int(usage.get("completion_tokens") or 0)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            words = message(self._endpoint.masked(json.dumps(answer, ensure_ascii=False)))
            raise self._endpoint.failure(f"the answer has no text ({words})") from None
        self.cost.forward_passes += 1
        return text


def _joined(content: Any) -> str:
    """Return the text of an answer's content: a text, nothing, or a list of parts (`[{"type": "text", ...}]`).

    Raises
    ------
    TypeError, KeyError
        It is none of these.
    """
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise TypeError("content is neither a text nor a list of parts")
    return "".join(part["text"] for part in content if part.get("type", "text") == "text")
