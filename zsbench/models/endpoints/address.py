"""Where an endpoint is and what every request carries: the key, further headers, what stands behind the `?`."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field

from zsbench.core.errors import RunError, UserError

OPENAI = "api.openai.com"
_LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}
_SHOWN = 200
"""Characters of an answer that a message shows."""
_SHORT_KEY = 8
"""Shorter keys are hidden only where they stand as a word: `x` is in every message."""


@dataclass(frozen=True)
class Address:
    """An endpoint.

    Attributes
    ----------
    base_url : address up to and with the version.
    key : what `key_header` carries; empty for an endpoint without keys.
    key_header : the header of the key; `Authorization` carries it as `Bearer KEY`.
    headers, query : what every request has beside it.
    """

    base_url: str
    key: str = field(default="", repr=False)
    key_header: str = "Authorization"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def local(self) -> bool:
        """Whether the endpoint is on this machine, so that no proxy stands in between."""
        return (urllib.parse.urlsplit(self.base_url).hostname or "") in _LOCAL

    def masked(self, text: str) -> str:
        """Return a text in which the key is hidden and control characters are blanks."""
        if self.key:
            word = re.escape(self.key)
            text = re.sub(word if len(self.key) >= _SHORT_KEY else rf"(?<!\w){word}(?!\w)", "***", text)
        return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text)

    def beginning(self, text: str) -> str:
        """Return the beginning of what a server sent; hidden first and cut then, which leaves no half of a key."""
        words = " ".join(self.masked(text).split())
        return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."

    def failure(self, reason: str, expected: str = "") -> RunError:
        """Return the error that ends a run."""
        return RunError(self.base_url, self.beginning(reason), expected, "answers so far are kept: run it again")


def opened(
    base_url: str, key_env: str | None, key_header: str, headers: Mapping[str, str], query: Mapping[str, str]
) -> Address:
    """Return an endpoint with its key, which is read from the environment.

    Raises
    ------
    UserError
        No such address, or a key that is not set or no header can carry.
    """
    parts = checked(base_url)
    if key_env is None and (parts.scheme, parts.hostname) == ("https", OPENAI):
        key_env = "OPENAI_API_KEY"
    key = "" if key_env is None else os.environ.get(key_env, "").strip()
    if key_env is not None and not key:
        found = f"the environment variable {key_env} is not set"
        raise UserError("key_env", found, "the key in it, or no `key_env` for an endpoint without keys")
    if not key.isascii() or not key.isprintable():
        found = f"the key in {key_env} has characters that a header cannot carry"
        raise UserError("key_env", found, "printable ASCII characters, without line ends")
    return Address(base_url.rstrip("/"), key, key_header, dict(headers), dict(query))


def checked(base_url: str) -> urllib.parse.SplitResult:
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
    host = parts.hostname or ""
    labels = host.split(".")
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f]", base_url):
        raise UserError("base_url", "no http or https address", expected)
    if ":" not in host and any(not 1 <= len(label) <= 63 for label in labels):
        raise UserError("base_url", "no host name", expected)
    if parts.username is not None or "?" in base_url or "#" in base_url:
        found = "an address with a user name or with something after `?` or `#`"
        raise UserError("base_url", found, f"{expected}; what stands behind `?` belongs into `query`")
    return parts
