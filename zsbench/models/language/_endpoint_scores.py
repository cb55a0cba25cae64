"""Log-probabilities from an endpoint that gives them, as rules ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

from zsbench.core.errors import RunError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.records import Cost
from zsbench.models.capabilities import Prompt
from zsbench.models.endpoints import logprobs
from zsbench.models.endpoints.asker import Asker
from zsbench.models.endpoints.logprobs import Scored
from zsbench.models.endpoints.written import Written

_MOST = 20
"""First tokens that are asked for; where an endpoint tells fewer, its refusal teaches how many."""
_GREEDY: dict[str, Any] = {"temperature": 0}


class Scores:
    """What a text generator over HTTP adds for log-probabilities."""

    cost: Cost
    _api: Literal["chat", "completions"]
    _asker: Asker

    def _question(
        self, prompt: Prompt, draw: dict[str, Any], max_new_tokens: int, stop: Sequence[str]
    ) -> dict[str, Any]:
        raise NotImplementedError

    def _count_each(self, said: Sequence[Written], prompts: Sequence[Prompt]) -> None:
        raise NotImplementedError

    def label_logits(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> FloatArray:
        """Return (n_prompts, n_labels): the log-probability of each label as the first token of the answer.

        A label that is not among the most probable tokens is given less than the last of them, and counted; a prompt
        after which no label is among them counts as an answer that cannot be read.

        Raises
        ------
        RunError
            The endpoint gives no log-probabilities, or labels begin alike.
        """
        wanted = {"logprobs": True, "top_logprobs": _MOST} if self._api == "chat" else {"logprobs": _MOST}
        rows = np.empty((len(prompts), len(labels)), dtype=np.float32)
        for number, answer in enumerate(self._ask(self._firsts, wanted, prompts)):
            try:
                rows[number], n_untold = logprobs.of_labels(answer.logprobs, labels, opens=self._api == "chat")
            except ValueError as error:
                raise RunError(self._asker.url, str(error), "labels that begin differently") from None
            nothing = n_untold == len(labels)
            self.cost.labels_untold += n_untold
            self.cost.answers += 1
            self.cost.malformed_outputs += nothing
            self.cost.answers_unreadable += nothing
        return rows

    def target_logprobs(self, prompts: Sequence[Prompt], targets: Sequence[str]) -> list[FloatArray]:
        """Return for prompt i the log-probability of every token of target i, as the endpoint echoes them.

        Raises
        ------
        RunError
            It does not echo prompts, or its tokens do not spell them.
        """
        pairs = list(zip(prompts, targets, strict=True))
        asked = [Prompt(prompt.text, prompt.messages, prompt.answer + target) for prompt, target in pairs]
        answers = self._ask(self._echoes, {"echo": True, "logprobs": 1}, asked)
        try:
            told = zip(answers, asked, targets, strict=True)
            return [logprobs.of_target(one.logprobs, whole.text + whole.answer, end) for one, whole, end in told]
        except ValueError as error:
            raise RunError(self._asker.url, str(error), "an endpoint whose tokens are texts") from None

    @cached_property
    def _firsts(self) -> Asker:
        return self._asker.reading(lambda answer: logprobs.first_token(answer, self._api))

    @cached_property
    def _echoes(self) -> Asker:
        return self._asker.reading(logprobs.echoed)

    def _ask(self, asker: Asker, wanted: dict[str, Any], prompts: Sequence[Prompt]) -> list[Scored]:
        """Return the answers, of one token each, to prompts that are asked with the keys `wanted`."""
        answers, n_reused = asker.ask([wanted | self._question(prompt, _GREEDY, 1, ()) for prompt in prompts])
        self.cost.answers_reused += n_reused
        self._count_each([answer.written for answer in answers], prompts)
        return answers
