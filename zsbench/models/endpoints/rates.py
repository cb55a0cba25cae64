"""Requests and tokens a minute that a client keeps to, so that an endpoint need not refuse any."""

from __future__ import annotations

import asyncio
import time

_MINUTE = 60.0


class Rates:
    """Evenly spaced starts: a request waits until the ones before it have used up their share of a minute.

    Parameters
    ----------
    requests, tokens : most a minute; None is no limit.
    """

    def __init__(self, requests: int | None = None, tokens: int | None = None) -> None:
        self._requests, self._tokens, self._free = requests, tokens, 0.0

    async def take(self, tokens: int) -> None:
        """Wait for the turn of a request of about so many tokens, those of the answer included."""
        shares = [
            *([_MINUTE / self._requests] if self._requests else []),
            *([_MINUTE * tokens / self._tokens] if self._tokens else []),
        ]
        if not shares:
            return
        now = time.monotonic()
        start = max(now, self._free)
        self._free = start + max(shares)
        if start > now:
            await asyncio.sleep(start - now)
