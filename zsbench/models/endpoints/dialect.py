"""How an endpoint wants to be asked, learnt from what it refuses: one lesson an endpoint, and the result says it.

    max_tokens is refused for max_completion_tokens, or the other way round        the other name
    another temperature than its own is refused, or a seed                         left out
    so many log-probabilities are refused                                          as many as it says
    a system turn is refused, or turns that do not alternate                       it opens the user's turn

A refused option changes what an answer means, so every lesson stands in `said` and with the result.
"""

from __future__ import annotations

import re
from typing import Any

_LENGTHS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_DROPPED = ("temperature", "top_p", "seed", "stop")
_REFUSED = re.compile(
    "unsupported|not support|unrecogni[sz]ed|unknown|not permitted|not allowed|forbidden|invalid|only the default|"
    "unexpected",
    re.IGNORECASE,
)
_NO_SYSTEM = re.compile(
    r"system (?:role|message|prompt|instruction)|developer instruction|only user and assistant|roles must alternate",
    re.IGNORECASE,
)


class Dialect:
    """What one endpoint takes.

    Attributes
    ----------
    said : the lessons in words, for the result.
    """

    def __init__(self) -> None:
        self._length, self._dropped, self._system = "", set[str](), True
        self._most: int | None = None  # log-probabilities of first tokens
        self.said: list[str] = []

    @property
    def version(self) -> int:
        """How many lessons there are: a request that was written before the last one is written again."""
        return len(self.said)

    def request(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request as the endpoint takes it."""
        kept = {self._name(key): value for key, value in body.items() if key not in self._dropped}
        if self._most is not None:
            kept |= {key: min(kept[key], self._most) for key in _counts_of_logprobs(kept)}
        if not self._system and "messages" in kept:
            kept["messages"] = without_system(kept["messages"])
        return kept

    def _name(self, key: str) -> str:
        return self._length if self._length and key in _LENGTHS else key

    def learn(self, body: dict[str, Any], message: str) -> bool:
        """Learn from the message of a refused request; False where it teaches nothing new."""
        lesson = self._lesson(body, message)
        if lesson and lesson not in self.said:
            self.said.append(lesson)
            return True
        return False

    def _lesson(self, body: dict[str, Any], message: str) -> str:
        if "logprobs" in message and (most := self._fewer(body, message)):
            self._most = most
            return f"log-probabilities of {most} tokens are told, not more"
        if not _REFUSED.search(message) and not _NO_SYSTEM.search(message):
            return ""
        length = next(
            (key for key in _LENGTHS if self._name(key) in message and self._name(key) in self.request(body)), ""
        )
        if length and not self._length:
            self._length = _LENGTHS[length]
            return f"{length} is called {self._length} here"
        for key in _DROPPED:
            if key in body and key not in self._dropped and re.search(rf"\b{key}\b", message):
                self._dropped.add(key)
                return f"{key} is not sent: the endpoint takes its own alone"
        if (
            self._system
            and _NO_SYSTEM.search(message)
            and any(turn["role"] == "system" for turn in body.get("messages", ()))
        ):
            self._system = False
            return "system turns open the user's turn: the endpoint takes none"
        return ""

    def _fewer(self, body: dict[str, Any], message: str) -> int:
        """Return the largest number of log-probabilities that a refusal names and that is fewer than was asked for."""
        sent = self.request(body)
        asked = max((sent[key] for key in _counts_of_logprobs(sent)), default=0)
        named = (int(number) for number in re.findall(r"(?<![\w.-])\d{1,4}(?![\w]|\.\d)", message))
        return max((number for number in named if 0 < number < asked), default=0)


def _counts_of_logprobs(body: dict[str, Any]) -> list[str]:
    """Return the keys of a request that say how many log-probabilities are wanted: in chats `logprobs` is yes or no."""
    return [key for key in ("top_logprobs", "logprobs") if type(body.get(key)) is int]


def without_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return turns in which what the system says opens the first turn of the user."""
    system = "\n\n".join(turn["content"] for turn in messages if turn["role"] == "system")
    turns = [dict(turn) for turn in messages if turn["role"] != "system"]
    first = next((turn for turn in turns if turn["role"] == "user"), None)
    if first is None:
        return [{"role": "user", "content": system}, *turns]
    first["content"] = f"{system}\n\n{first['content']}"
    return turns
