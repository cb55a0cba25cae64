"""Endpoints that speak OpenAI's HTTP interface (hosted models, vLLM, llama.cpp, Ollama): written text,
and log-probabilities where they give them.

Every answer is kept as it arrives, and asked for once: see `models/endpoints/store.py`. The key comes from an
environment variable and stands in no result, fingerprint or message; OPENAI_API_KEY goes to OpenAI alone unless
`key_env` names it. A chat endpoint opens its turn itself, so a prompt's own opening of the answer is left out there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import Strict
from zsbench.config.components import model as declare
from zsbench.config.options import Count, NonNegative, Text
from zsbench.core.errors import RunError
from zsbench.core.records import Cost
from zsbench.models import decoding
from zsbench.models.capabilities import LabelScorer, Prompt, Sampling, TextGenerator, TextScorer
from zsbench.models.endpoints import address, options
from zsbench.models.endpoints.address import OPENAI
from zsbench.models.endpoints.asker import Asker
from zsbench.models.endpoints.client import Client, Manners
from zsbench.models.endpoints.options import ASIDE, Concurrency, Pause, Retries, Timeout
from zsbench.models.endpoints.written import Written, parsed
from zsbench.models.language._endpoint_scores import Scores

Api = Literal["chat", "completions"]
LengthKey = Literal["max_tokens", "max_completion_tokens"]
_BASE = f"https://{OPENAI}/v1"
_PATHS = {"chat": "/chat/completions", "completions": "/completions"}
# Keys that a request sets itself. Its temperature, stop texts and limit of length may be changed or removed.
_RESERVED = ("model", "messages", "prompt", "stream", "n")
_FEW_TOKENS = 0.5
"""A server that read fewer tokens than half of a prompt's words has cut it."""


class Price(Strict):
    """What a million tokens cost, in the currency of the bill: of prompts, and of what is written."""

    input: NonNegative
    output: NonNegative


def _check(given: dict[str, Any]) -> None:
    options.check(given, base_url=_BASE, reserved=_RESERVED)


@declare(
    offers=(TextGenerator,),
    offers_with={LabelScorer: {"logprobs": True}, TextScorer: {"logprobs": True, "api": "completions"}},
    aside=(*ASIDE, "requests_per_minute", "tokens_per_minute", "price"),
)
@companions(check=_check)
def openai_compatible(
    *,
    model: Text,
    base_url: Text = _BASE,
    key_env: Text | None = None,
    key_header: Text = "Authorization",
    headers: dict[Text, Text] = {},  # noqa: B006 - never changed, like the next two
    query: dict[Text, Text] = {},  # noqa: B006
    api: Api = "chat",
    length_key: LengthKey = "max_tokens",
    logprobs: bool = False,
    extra: dict[str, Any] = {},  # noqa: B006
    timeout: Timeout = 120.0,
    retries: Retries = 5,
    pause: Pause = 1.0,
    concurrency: Concurrency = 4,
    requests_per_minute: Count | None = None,
    tokens_per_minute: Count | None = None,
    price: Price | None = None,
) -> OpenAiCompatible:
    """Ask an endpoint.

    Parameters
    ----------
    model : the model's name there.
    base_url : address up to and with the version, e.g. `http://127.0.0.1:8000/v1`.
    key_env : environment variable with the key, sent to this address; null is OPENAI_API_KEY for OpenAI's own host,
        and no key for any other.
    key_header : the header of the key: `Authorization` carries `Bearer KEY`, any other (`api-key`) the key itself.
    headers, query : what else every request carries, e.g. `{api-version: "2024-10-21"}`; results show it.
    api : `chat`, or `completions` for prompts without messages.
    length_key : what the endpoint calls the limit of the answer's length; the other name is tried where it is refused.
    logprobs : the endpoint gives log-probabilities of tokens, so that rules may ask for them: those of labels by the
        most probable first tokens of an answer, and with `api: completions` those of whole texts, by `echo`.
    extra : further keys of the request; null removes one (`{temperature: null}`).
    timeout : seconds for one whole answer.
    retries, pause : further tries of a busy endpoint, and the seconds before the first, doubled for each.
    concurrency : requests at a time.
    requests_per_minute, tokens_per_minute : what is kept to, so that the endpoint refuses nothing.
    price : `{input: 0.15, output: 0.60}`, what a million tokens cost; the table then says what the row cost.
    """
    place = address.opened(base_url, key_env, key_header, headers, query)
    manners = Manners(timeout, retries, pause, concurrency, requests_per_minute, tokens_per_minute)
    kind = ScoringEndpoint if logprobs else OpenAiCompatible
    return kind(model, Client(place, manners), api, length_key, extra, price)


class OpenAiCompatible:
    """A `TextGenerator` over HTTP."""

    device = dtype = "remote"

    def __init__(
        self, model: str, client: Client, api: Api, length_key: LengthKey, extra: dict[str, Any], price: Price | None
    ) -> None:
        self._client, self._api, self._length_key = client, api, length_key
        self._extra, self._price, self.cost = extra, price, Cost()
        self._asker = Asker(client, _PATHS[api], model, body=self._body, read=lambda answer: parsed(answer, api))
        self._by: set[str] = set()
        self.converses, self.concurrency = api == "chat", client.manners.concurrency

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the endpoint, what it serves, and the options of generation."""
        return self._asker.fingerprint("openai-compatible", self._extra)

    @property
    def facts(self) -> dict[str, Any]:
        """What it serves, who answered and how it wanted to be asked."""
        facts = {"serves": self._asker.who, "answered by": sorted(self._by), "learnt": list(self._client.dialect.said)}
        return {key: value for key, value in facts.items() if value}

    @property
    def doubt(self) -> str:
        """What of the answers so far makes a result doubtful."""
        if len(self._by) > 1:
            return f"the answers come from {len(self._by)} models or builds: {', '.join(sorted(self._by))}"
        return ""

    def stop(self) -> None:
        """End the requests under way."""
        self._client.stop()

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        """Return the answer to each prompt, thoughts left out, cut before the first stop text.

        The temperature is 0 without `sampling`. Equal prompts with equal seeds are asked once: endpoints may answer
        differently the second time, and some know no seed (`extra: {seed: null}` spares it them). An answer that is
        refused, or that ended inside its thoughts, is empty and counted. Chats often begin with line ends, which are
        left out; stop texts of blanks alone are cut at here, as a server would stop at the first of them.
        """
        draws: list[dict[str, Any]] = [{"temperature": 0}] * len(prompts)
        if sampling is not None:
            # The seed tells draws apart, also where it is not sent.
            nucleus = {"top_p": sampling.top_p} if sampling.top_p < 1 else {}
            draws = [{"temperature": sampling.temperature, **nucleus, "seed": s, "draw": s} for s in sampling.seeds]
        asked = zip(prompts, draws, strict=True)
        sent = [text for text in stop if text.strip()] if self.converses else stop
        said, n_reused = self._asker.ask([self._question(*one, max_new_tokens, sent) for one in asked])
        self.cost.answers_reused += n_reused
        self._count_each(said, prompts)
        texts = [answer.text.lstrip() if self.converses else answer.text for answer in said]
        return [text[: decoding.first_stop(text, stop)] for text in texts]

    def fits(self, prompt: Prompt, *, max_new_tokens: int) -> bool:  # noqa: ARG002 - nobody knows the limit here
        """Return True: an endpoint itself refuses what is too long."""
        return True

    def _question(
        self, prompt: Prompt, draw: dict[str, Any], max_new_tokens: int, stop: Sequence[str]
    ) -> dict[str, Any]:
        """Return what determines the answer, in the words of a request; `draw` says how its tokens are chosen.

        Raises
        ------
        RunError
            A conversation for an endpoint that completes plain text.
        """
        if self._api == "chat":
            messages = list(prompt.messages) or [{"role": "user", "content": prompt.text}]
            self.cost.asked(Prompt(messages=tuple(messages)).described())
            question: dict[str, Any] = {"messages": messages}
        elif prompt.messages:
            raise RunError(self._asker.url, "a conversation", "a prompt without messages, or `api: chat`")
        else:
            self.cost.asked(prompt.text + prompt.answer)
            question = {"prompt": prompt.text + prompt.answer}
        question |= {"max_tokens": max_new_tokens, **draw} | ({"stop": list(stop)} if stop else {}) | self._extra
        if "seed" in draw:
            # `extra` may spare an endpoint these keys, but does not make all draws one.
            question |= {key: value for key, value in draw.items() if question[key] is not None}
        return question

    def _body(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return the request that asks a question."""
        body = {key: value for key, value in question.items() if key != "draw"}
        if self._length_key != "max_tokens" and "max_tokens" not in self._extra:
            body[self._length_key] = body.pop("max_tokens")
        return {key: value for key, value in body.items() if value is not None}

    def _count_each(self, said: Sequence[Written], prompts: Sequence[Prompt]) -> None:
        """Count every answer once: equal prompts have the same one."""
        pairs = zip(said, prompts, strict=True)
        for answer, prompt in {id(answer): (answer, prompt) for answer, prompt in pairs}.values():
            self._count(answer, prompt)

    def _count(self, said: Written, prompt: Prompt) -> None:
        """Count what an answer took, whether it was asked for now or is kept."""
        self._by |= {said.by} if said.by else set()
        cost = self.cost
        cost.forward_passes += 1
        cost.tokens += said.tokens or 0
        cost.tokens_generated += said.tokens_generated or 0
        cost.answers_uncounted += said.tokens is None
        cost.answers_without_end += said.ending == "thinking"
        cost.answers_refused += said.ending in ("filtered", "refused")
        words = len(prompt.described().split())
        cost.prompts_cut += said.tokens is not None and said.tokens < _FEW_TOKENS * words
        if self._price is not None:
            spent = self._price.input * (said.tokens or 0) + self._price.output * (said.tokens_generated or 0)
            cost.price += spent / 1e6


class ScoringEndpoint(OpenAiCompatible, Scores):
    """The same with log-probabilities: a `LabelScorer`, and with `api: completions` a `TextScorer`."""
