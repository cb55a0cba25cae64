"""Log-probabilities in what endpoints answer: of a few labels as the first token, and of a text that was sent.

    chat          choices[0].logprobs.content[0].top_logprobs: [{token, logprob}]
    completions   choices[0].logprobs.top_logprobs[0]: {token: logprob}, and with `echo` tokens and token_logprobs

Endpoints tell the most probable tokens alone, 5 or 20. A label that is not among them is less probable than the last
of them: it gets that one's log-probability less 1, so that it never wins and never ties with one that was told.

Source: OpenAI's API reference of chat and of completions; vLLM and llama.cpp answer in the same form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from zsbench.core.lazy import FloatArray, np
from zsbench.models.endpoints.written import Written, parsed

Api = Literal["chat", "completions"]
_BELOW = 1.0
"""How far below the last token that was told a label stands that was not: nothing but its place is known."""
_IMPOSSIBLE = -9999.0
"""What servers write for the logarithm of 0, which JSON does not hold."""


@dataclass(frozen=True)
class Scored:
    """An answer that was asked for because of its log-probabilities.

    Attributes
    ----------
    written : what it says of itself and its cost.
    logprobs : the most probable first tokens with their log-probabilities, or those of all tokens in their order.
    """

    written: Written
    logprobs: tuple[tuple[str, float], ...]


def first_token(answer: Any, api: Api) -> Scored:
    """Return the most probable first tokens of an answer.

    Raises
    ------
    ValueError
        It holds none: the endpoint, or the model behind it, gives no log-probabilities.
    """
    try:
        found = answer["choices"][0]["logprobs"]
        if api == "chat":
            told = [(one["token"], one["logprob"]) for one in found["content"][0]["top_logprobs"]]
        else:
            told = list(found["top_logprobs"][0].items())
    except (KeyError, IndexError, TypeError, AttributeError):
        told = []
    if not told:
        raise ValueError("the answer has no log-probabilities of its first token")
    return Scored(_said(answer, api), tuple((token, _finite(value)) for token, value in told))


def echoed(answer: Any) -> Scored:
    """Return every token of a text that an endpoint sent back, and of what it wrote then; the first has none (0).

    Raises
    ------
    ValueError
        It was not sent back with log-probabilities.
    """
    try:
        found = answer["choices"][0]["logprobs"]
        tokens, values = found["tokens"], found["token_logprobs"]
        told = list(zip(tokens, values, strict=True))
    except (KeyError, IndexError, TypeError, ValueError):
        told = []
    if len(told) < 2 or any(value is None for _, value in told[1:]):
        raise ValueError("the answer does not echo the prompt with log-probabilities")
    rest = [(token, _finite(value)) for token, value in told[1:]]
    return Scored(_said(answer, "completions"), ((told[0][0], 0.0), *rest))


def of_labels(told: Sequence[tuple[str, float]], labels: Sequence[str], *, opens: bool) -> tuple[list[float], int]:
    """Return a log-probability for each label, and how many labels were not among the tokens.

    A label is known by its longest beginning that is a token and begins no other label.

    >>> of_labels([("Yes", -0.1), (" No", -2.5), ("The", -4.0)], ["Yes", "No"], opens=True)
    ([-0.1, -2.5], 0)

    Parameters
    ----------
    told : tokens with their log-probabilities.
    labels : texts that begin differently.
    opens : whether the endpoint opens its turn itself, so that blanks before a token mean nothing: then the
        probabilities of "Yes" and " Yes" are added.

    Raises
    ------
    ValueError
        Labels that begin with the same token, which tells nothing of either.
    """
    shown = [label.lstrip() if opens else label for label in labels]
    by_text: dict[str, float] = {}
    for token, value in told:
        text = token.lstrip() if opens else token
        if text.strip():
            by_text[text] = float(np.logaddexp(by_text.get(text, -math.inf), value))
    begun = {text: [label for label in shown if label.startswith(text)] for text in by_text}
    floor = min(value for _, value in told) - _BELOW
    row, n_untold = [], 0
    for label in shown:
        own = [text for text, several in begun.items() if label == text or several == [label]]
        shared = next((text for text, several in begun.items() if len(several) > 1 and label in several), None)
        if not own and shared is not None:
            raise ValueError(f"labels {', '.join(begun[shared])} begin with the same token '{shared}'")
        n_untold += not own
        row.append(by_text[max(own, key=len)] if own else floor)
    return row, n_untold


def of_target(told: Sequence[tuple[str, float]], whole: str, target: str) -> FloatArray:
    """Return the log-probabilities of the tokens that hold the target, which ends the text `whole`.

    A token that holds the end of what stands before it as well is one of the target's.

    Raises
    ------
    ValueError
        The tokens do not spell the text: characters of several tokens are told as something else.
    """
    text = "".join(token for token, _ in told)
    start = text.rfind(whole)  # a token that opens texts may stand before it
    if start < 0:
        raise ValueError("the tokens that the answer echoes do not spell the prompt")
    end = start + len(whole)
    begin, place, values = end - len(target), 0, []
    for token, value in told:
        if place < end and place + len(token) > begin:
            values.append(value)
        place += len(token)
    return np.array(values, dtype=np.float32)


def _said(answer: Any, api: Api) -> Written:
    """Return what an answer says of its cost; that its one token may be blank or open thoughts means nothing here."""
    return replace(parsed(answer, api), ending="answer")


def _finite(value: Any) -> float:
    if not isinstance(value, int | float) or math.isnan(value):
        raise ValueError("a log-probability that is no number")
    return max(float(value), _IMPOSSIBLE)
