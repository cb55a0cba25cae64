"""One address that is asked over HTTP: the key, tries and pauses, and errors that never show the key.

Busy and broken answers (429, 5xx, time-outs) are asked for again with growing pauses; everything else ends the run
with one sentence.
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import Any

from zsbench.core.errors import RunError, UserError

OPENAI = "api.openai.com"
_AGAIN = {408, 409, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 60.0


class Endpoint:
    """An address that takes JSON and answers with JSON; safe to call from several threads.

    Parameters
    ----------
    base_url : address up to and with the version.
    path : what stands behind it, such as `/completions`.
    key_env : environment variable with the key; None is OPENAI_API_KEY for OpenAI's own host, and no key for any other.
    timeout : seconds for one answer.
    retries, pause : further tries of a busy endpoint, and the seconds before the first, doubled for each.

    Raises
    ------
    UserError
        No such address, or the environment variable is not set.
    """

    def __init__(
        self, base_url: str, path: str, key_env: str | None, *, timeout: float, retries: int, pause: float
    ) -> None:
        parts = address(base_url)
        if key_env is None and (parts.scheme, parts.hostname) == ("https", OPENAI):
            key_env = "OPENAI_API_KEY"
        self.url, self.key = base_url.rstrip("/") + path, "" if key_env is None else os.environ.get(key_env, "")
        self._timeout, self._tries, self._pause = timeout, retries + 1, pause
        if key_env is not None and not self.key:
            found = f"the environment variable {key_env} is not set"
            raise UserError("key_env", found, "the key in it, or no `key_env` for an endpoint without keys")

    def ask(self, body: bytes) -> Any:
        """Return the endpoint's answer, asking again while it is busy or broken.

        Raises
        ------
        RunError
            It refuses, does not answer with JSON, or is still busy at the last try.
        """
        for attempt in range(self._tries):
            reason, wait = "", self._pause * 2**attempt
            try:
                with _OPENER.open(self._request(body), timeout=self._timeout) as response:
                    return json.loads(response.read())
            except urllib.error.HTTPError as error:
                answer = self.masked(error.read(2000).decode(errors="replace"))
                reason = f"HTTP {error.code} {message(answer)}".strip()
                if error.code not in _AGAIN:
                    raise self.failure(reason) from None
                wait = max(wait, _seconds(error.headers.get("Retry-After")))
            except (OSError, HTTPException) as error:  # time-outs and broken connections
                reason = f"{type(error).__name__}: {error}"
            except ValueError:
                raise self.failure("the answer is not JSON") from None
            if attempt + 1 < self._tries:
                time.sleep(min(wait, _LONGEST_PAUSE))
        raise self.failure(f"{reason} ({self._tries} {'try' if self._tries == 1 else 'tries'})")

    def _request(self, body: bytes) -> urllib.request.Request:
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        return urllib.request.Request(self.url, data=body, headers=headers)

    def failure(self, reason: str) -> RunError:
        """Return the error that ends a run, without the key."""
        return RunError(self.url, self.masked(reason), "", "the same command goes on where this one stopped")

    def masked(self, text: str) -> str:
        """Return a text without the key; asked before a text is cut, which could leave half of a key."""
        return text.replace(self.key, "***") if self.key else text


def address(base_url: str) -> urllib.parse.SplitResult:
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


def message(answer: str) -> str:
    """Return the server's own sentence of an error, or the beginning of what it sent."""
    try:
        error = json.loads(answer).get("error")
        answer = error["message"] if isinstance(error, dict) else str(error or answer)
    except (ValueError, KeyError, AttributeError):
        pass
    return " ".join(str(answer).split())[:200]


def _seconds(header: str | None) -> float:
    """Return the seconds a Retry-After header asks for; dates are not waited for."""
    return float(header) if header and header.replace(".", "", 1).isdigit() else 0.0
