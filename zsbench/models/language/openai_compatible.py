"""Endpoints that speak OpenAI's HTTP interface (hosted models, vLLM, llama.cpp, Ollama): greedy text.

The key comes from an environment variable and stands in no result, fingerprint or message; OPENAI_API_KEY goes to
OpenAI alone unless `key_env` names it. Busy and broken answers
(429, 5xx, time-outs) are asked for again with growing pauses; everything else ends the run with one sentence.
A chat endpoint opens its turn itself, so a prompt's own opening of the answer is left out there.
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Annotated, Any, Literal

from annotated_types import Le

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import Count, Natural, NonNegative, Positive, Text
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import Cost, canonical_json, digest
from zsbench.models import decoding
from zsbench.models.capabilities import Prompt, TextGenerator

_AGAIN = {408, 409, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 60.0
_OPENAI = "api.openai.com"
_BASE = f"https://{_OPENAI}/v1"
# What a request says by itself; its temperature, stop texts and limit of length may be changed or removed.
_OWN_KEYS = ("model", "messages", "prompt", "stream")
# A day; operating systems take no time-out much beyond.
_LONGEST = 86_400


@dataclass(frozen=True)
class Asking:
    """How an endpoint is asked, beside its address."""

    api: Literal["chat", "completions"] = "chat"
    length_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    extra: dict[str, Any] = field(default_factory=dict)
    timeout: float = 120.0
    retries: int = 5
    pause: float = 1.0
    concurrency: int = 4


def _check(options: dict[str, Any]) -> None:
    _parts(str(options.get("base_url", _BASE)))
    # Not shown, because it may be the key itself.
    if options.get("key_env") is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", options["key_env"]):
        raise UserError("key_env", "no name of an environment variable", "the variable that holds the key")
    _check_extra(options.get("extra", {}))


def _check_extra(extra: dict[str, Any]) -> None:
    taken = next((key for key in _OWN_KEYS if key in extra), None)
    if taken is not None:
        raise UserError("extra", f"a key '{taken}', which the request sets itself", "other keys of a request")
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
    api: Literal["chat", "completions"] = "chat",
    length_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens",
    extra: dict[str, Any] = {},  # noqa: B006 - never changed
    timeout: Annotated[Positive, Le(_LONGEST)] = 120.0,
    retries: Annotated[Natural, Le(100)] = 5,
    pause: Annotated[NonNegative, Le(_LONGEST)] = 1.0,
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
    return OpenAiCompatible(
        model, base_url, key_env, Asking(api, length_key, extra, timeout, retries, pause, concurrency)
    )


class OpenAiCompatible:
    """A `TextGenerator` over HTTP."""

    def __init__(self, model: str, base_url: str, key_env: str | None = None, asking: Asking = Asking()) -> None:
        self.device, self.dtype, self.cost = "remote", "remote", Cost()
        parts = _parts(base_url)
        if key_env is None and (parts.scheme, parts.hostname) == ("https", _OPENAI):
            key_env = "OPENAI_API_KEY"
        self._model, self._asking, self._key = model, asking, ""
        self.converses = asking.api == "chat"
        if key_env is not None:
            self._key = os.environ.get(key_env, "")
            if not self._key:
                found = f"the environment variable {key_env} is not set"
                raise UserError("key_env", found, "the key in it, or no `key_env` for an endpoint without keys")
        self._url = base_url.rstrip("/") + ("/chat/completions" if asking.api == "chat" else "/completions")
        self.fingerprint = digest(["openai-compatible", self._url, model, canonical_json(asking.extra)])

    def generate(self, prompts: Sequence[Prompt], *, max_new_tokens: int, stop: Sequence[str] = ()) -> list[str]:
        """Return the continuation of each prompt at temperature 0, cut before the first stop text.

        Equal prompts are asked once: endpoints may answer differently the second time.
        """
        bodies = [self._body(prompt, max_new_tokens, stop) for prompt in prompts]
        distinct = list(dict.fromkeys(bodies))
        with ThreadPoolExecutor(self._asking.concurrency) as pool:
            answers = list(pool.map(self._ask, distinct))
        texts = dict(zip(distinct, map(self._read, answers), strict=True))
        return [texts[body][: decoding.first_stop(texts[body], stop)] for body in bodies]

    def _body(self, prompt: Prompt, max_new_tokens: int, stop: Sequence[str]) -> bytes:
        asked: dict[str, Any]
        if self._asking.api == "completions":
            if prompt.messages:
                raise RunError(self._url, "a conversation", "a prompt without messages, or `api: chat`")
            asked = {"prompt": prompt.text + prompt.answer}
            self.cost.asked(asked["prompt"])
        else:
            asked = {"messages": list(prompt.messages) or [{"role": "user", "content": prompt.text}]}
            self.cost.asked(Prompt(messages=tuple(asked["messages"])).described())
        asked |= {"model": self._model, self._asking.length_key: max_new_tokens, "temperature": 0}
        asked |= {"stop": list(stop)} if stop else {}
        kept = {key: value for key, value in {**asked, **self._asking.extra}.items() if value is not None}
        return json.dumps(kept).encode()

    def _ask(self, body: bytes) -> Any:
        """Return the endpoint's answer, asking again while it is busy or broken."""
        for attempt in range(self._asking.retries + 1):
            reason, wait = "", self._asking.pause * 2**attempt
            try:
                with _OPENER.open(self._request(body), timeout=self._asking.timeout) as response:
                    return json.loads(response.read())
            except urllib.error.HTTPError as error:
                said = self._masked(error.read(2000).decode(errors="replace"))
                reason = f"HTTP {error.code} {_message(said)}".strip()
                if error.code not in _AGAIN:
                    raise self._failure(reason) from None
                wait = max(wait, _seconds(error.headers.get("Retry-After")))
            except (OSError, HTTPException) as error:  # time-outs and broken connections
                reason = f"{type(error).__name__}: {error}"
            except ValueError:
                raise self._failure("the answer is not JSON") from None
            if attempt < self._asking.retries:
                time.sleep(min(wait, _LONGEST_PAUSE))
        tries = self._asking.retries + 1
        raise self._failure(f"{reason} ({tries} {'try' if tries == 1 else 'tries'})")

    def _request(self, body: bytes) -> urllib.request.Request:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return urllib.request.Request(self._url, data=body, headers=headers)

    def _read(self, answer: Any) -> str:
        """Return the text of an answer and count its tokens."""
        try:
            choice = answer["choices"][0]
            text = _joined(choice["message"]["content"] if self._asking.api == "chat" else choice["text"])
            usage = answer.get("usage") or {}
            # Some servers send null for what they did not count.
            self.cost.tokens += int(usage.get("prompt_tokens") or 0)
            self.cost.tokens_generated += int(usage.get("completion_tokens") or 0)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            said = _message(self._masked(json.dumps(answer, ensure_ascii=False)))
            raise self._failure(f"the answer has no text ({said})") from None
        self.cost.forward_passes += 1
        return text

    def _failure(self, reason: str) -> RunError:
        return RunError(self._url, self._masked(reason), "", "the same command goes on where this one stopped")

    def _masked(self, text: str) -> str:
        """Return a text without the key; asked before a text is cut, which could leave half of a key."""
        return text.replace(self._key, "***") if self._key else text


def _parts(base_url: str) -> urllib.parse.SplitResult:
    """Return the parts of an address; none of it is shown where it is refused, because it may hold a secret.

    Raises
    ------
    UserError
        No http or https address, a port that is none, or one with a user name, a query or a fragment.
    """
    expected = "http or https, a host and a path, e.g. http://127.0.0.1:8000/v1; keys belong into `key_env`"
    try:
        parts = urllib.parse.urlsplit(base_url)
        _ = parts.port
    except ValueError:
        raise UserError("base_url", "no address", expected) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s\x00-\x1f]", base_url):
        raise UserError("base_url", "no http or https address", expected)
    if parts.username is not None or "?" in base_url or "#" in base_url:
        raise UserError("base_url", "an address with a user name or with something after `?` or `#`", expected)
    return parts


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another host; it is an error like any other."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


_OPENER = urllib.request.build_opener(_NoRedirect)


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


def _message(said: str) -> str:
    """Return the server's own sentence, or the beginning of what it sent."""
    try:
        error = json.loads(said).get("error")
        said = error["message"] if isinstance(error, dict) else str(error or said)
    except (ValueError, KeyError, AttributeError):
        pass
    return " ".join(str(said).split())[:200]


def _seconds(header: str | None) -> float:
    """Return the seconds a Retry-After header asks for; dates are not waited for."""
    return float(header) if header and header.replace(".", "", 1).isdigit() else 0.0
