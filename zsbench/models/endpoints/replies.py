"""What comes back over HTTP: JSON, or a reason to ask again or to stop, whatever shape servers give it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

from zsbench.models.endpoints.address import Address

_AGAIN = {408, 409, 425, 429}
_NEVER = {501, 505}
_TEACHING = {400, 422}
_PROXIES = ("https_proxy", "http_proxy", "all_proxy")


class Busy(Exception):
    """An answer that is worth asking for again.

    Attributes
    ----------
    reason : in words.
    wait : seconds that the endpoint asks for.
    nobody : whether nobody listens at the address.
    """

    def __init__(self, reason: str, wait: float = 0.0, *, nobody: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.wait, self.nobody = reason, wait, nobody


class Refused(Exception):
    """An answer that stays as it is; `teaches` says that another form of the request may be taken."""

    def __init__(self, reason: str, *, teaches: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.teaches = reason, teaches


@contextmanager
def errors(address: Address) -> Iterator[None]:
    """Turn what the package and its connections raise into `Busy` or `Refused`."""
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        raise of_status(error.status_code, error.response.text, error.response.headers) from None
    except openai.APIConnectionError as error:
        raise _of_connection(error, address) from None
    except (OSError, EOFError, openai.OpenAIError) as error:
        raise Busy(f"{type(error).__name__}: {error}") from None


def of_status(status: int, text: str, headers: Mapping[str, str]) -> Busy | Refused:
    """Return what an HTTP status other than success means."""
    reason = f"HTTP {status} {message(text)}".strip()
    if status in _AGAIN or (status >= 500 and status not in _NEVER):
        return Busy(reason, seconds(headers))
    return Refused(reason, teaches=status in _TEACHING)


def _of_connection(error: Exception, address: Address) -> Busy:
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)  # type: ignore[arg-type]
    inner = next((cause for cause in causes[1:] if str(cause)), error)
    proxy = (
        ""
        if address.local
        else next((name for name in _PROXIES if os.environ.get(name) or os.environ.get(name.upper())), "")
    )
    through = f" (through the proxy that {proxy} names)" if proxy else ""
    nobody = any(type(cause).__name__ == "ConnectError" for cause in causes)
    return Busy(f"no connection{through}: {inner}" if nobody else f"{type(inner).__name__}: {inner}", nobody=nobody)


def read(text: str) -> Any:
    """Return the JSON of an answer, an object or a list.

    Raises
    ------
    Busy
        It is empty, cut off, or says with status 200 that the server behind it is busy.
    Refused
        It is something else, of which the reason shows the beginning, or it says why there is no answer.
    """
    stripped = text.strip()
    try:
        answer = json.loads(stripped)
    except ValueError:
        if not stripped or stripped.startswith("{"):
            raise Busy(f"the answer is cut off: '{stripped[:80]}'") from None
        kind = "a stream of events" if stripped.startswith(("data:", "event:", ":")) else "not JSON"
        raise Refused(f"the answer is {kind}: {stripped}") from None
    if not isinstance(answer, dict | list):
        raise Refused(f"the answer is neither a JSON object nor a list: {stripped}")
    error = _error_within(answer) if isinstance(answer, dict) else None
    if error is None:
        return answer
    status = error.get("code") if isinstance(error, dict) else None
    reason = message(json.dumps({"error": error}))
    if isinstance(status, int) and (status in _AGAIN or status >= 500):
        raise Busy(f"error {status}: {reason}")
    if not isinstance(error, dict) or status is None:
        raise Refused(reason)
    raise Refused(f"error {status}: {reason}", teaches=status in _TEACHING)


def _error_within(answer: dict[str, Any]) -> Any:
    """Return the error that an answer of status 200 holds, of the whole or of its only choice, or None."""
    if answer.get("error"):
        return answer["error"]
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(first, dict) and (first.get("error") or first.get("finish_reason") == "error"):
        return first.get("error") or {"code": 502, "message": "the server behind it failed"}
    return None


def message(text: str) -> str:
    """Return the server's own sentence of an error, in the shapes servers give it, or all that it sent."""
    try:
        answer = json.loads(text)
    except ValueError:
        return " ".join(text.split())
    error = (
        answer.get("error", answer.get("detail", answer.get("message", answer))) if isinstance(answer, dict) else answer
    )
    if isinstance(error, dict):
        error = error.get("message", error)
    if isinstance(error, list) and error and isinstance(error[0], dict):
        error = error[0].get("msg", error[0].get("message", error))
    return " ".join((error if isinstance(error, str) else json.dumps(error, ensure_ascii=False)).split())


def seconds(headers: Mapping[str, str]) -> float:
    """Return how long an endpoint asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers.get(name, "")) * unit)
        except ValueError:
            continue
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def about_tokens(body: dict[str, Any]) -> int:
    """Return about how many tokens a request takes with its answer: four characters each, and the limit of length."""
    room = next((body[key] for key in ("max_tokens", "max_completion_tokens") if isinstance(body.get(key), int)), 0)
    return len(json.dumps(body.get("messages", body.get("prompt", "")))) // 4 + int(room)
