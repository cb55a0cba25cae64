"""Requests that go side by side to one endpoint: tries and pauses, deadlines, and errors in one sentence.

The `openai` package keeps the connections. What it does not know is done here: a deadline for the whole answer, errors
that come with status 200, bodies that are cut off, and how the endpoint wants to be asked. Busy and broken answers
(408, 409, 425, 429, 5xx) are asked for again with growing pauses, or when the endpoint says; a refusal ends the call
once the requests under way have come back, so that no answer is lost to it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from zsbench.core.errors import RunError, UserError
from zsbench.models.endpoints import replies
from zsbench.models.endpoints.address import Address
from zsbench.models.endpoints.dialect import Dialect
from zsbench.models.endpoints.rates import Rates

Body = dict[str, Any]
Arrived = Callable[[int, Any], None]
_T = TypeVar("_T")
_LONGEST_WAIT = 600.0
"""Seconds; an endpoint that wants to be left alone for longer ends the run, which goes on later."""


@dataclass(frozen=True)
class Manners:
    """How an endpoint is asked, of which no answer depends.

    Attributes
    ----------
    timeout : seconds for one whole answer.
    retries, pause : further tries of a busy endpoint, and the seconds before the first, doubled for each.
    concurrency : requests at a time.
    requests_per_minute, tokens_per_minute : what is kept to; None is no limit.
    """

    timeout: float = 120.0
    retries: int = 5
    pause: float = 1.0
    concurrency: int = 4
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Client:
    """Asks one endpoint; safe to call from several threads, which share its limits.

    Parameters
    ----------
    address : the endpoint.
    manners : how it is asked.

    Attributes
    ----------
    dialect : how it wants to be asked, as far as it has said.
    manners : as given.

    Raises
    ------
    UserError
        The `openai` package is not installed.
    """

    def __init__(self, address: Address, manners: Manners) -> None:
        self.address, self.dialect, self.manners = address, Dialect(), manners
        self._connections = _connections(address)
        self._slots = asyncio.Semaphore(manners.concurrency)
        self._rates = Rates(manners.requests_per_minute, manners.tokens_per_minute)
        self._answered = False
        self._running: set[futures.Future[Any]] = set()

    def ask(self, path: str, bodies: Sequence[Body], arrived: Arrived) -> None:
        """Ask every request, and hand over each answer with its number the moment it comes, in any order and thread.

        Raises
        ------
        RunError
            The endpoint refuses, answers with something else than JSON, or is still busy at the last try. Requests that
            were under way then have been waited for, the others are not sent.
        """
        _wait(self._ask(path, bodies, arrived), self._running)

    def stop(self) -> None:
        """End the calls under way, in whichever thread they wait."""
        for future in list(self._running):
            future.cancel()

    def look(self, path: str) -> Any:
        """Return what the endpoint says of itself at `path`, or None where it says nothing within a few seconds."""
        try:
            return replies.read(_wait(asyncio.wait_for(self._get(path), min(5.0, self.manners.timeout)), self._running))
        except (replies.Busy, replies.Refused, TimeoutError, asyncio.TimeoutError):
            return None

    async def _ask(self, path: str, bodies: Sequence[Body], arrived: Arrived) -> None:
        failures: dict[int, RunError] = {}

        async def one(number: int) -> None:
            async with self._slots:
                if failures:
                    return
                try:
                    answer = await self._answer(path, bodies[number])
                except RunError as error:
                    failures[number] = error
                    return
            try:
                # In a thread, because an answer is written to the disk, and meanwhile others are asked for.
                await asyncio.to_thread(arrived, number, answer)
            except RunError as error:
                failures[number] = error

        await asyncio.gather(*map(one, range(len(bodies))))
        if failures:
            raise failures[min(failures)]

    async def _answer(self, path: str, body: Body) -> Any:
        """Return one answer, asking again while the endpoint is busy or broken."""
        tries, attempt = self.manners.retries + 1, 0
        while True:
            version, wait = self.dialect.version, self.manners.pause * 2**attempt
            await self._rates.take(replies.about_tokens(body))
            try:
                text = await asyncio.wait_for(self._post(path, self.dialect.request(body)), self.manners.timeout)
                answer = replies.read(text)
            except replies.Refused as refused:
                if refused.teaches and (self.dialect.learn(body, refused.reason) or self.dialect.version > version):
                    continue
                raise self.address.failure(refused.reason) from None
            except replies.Busy as busy:
                reason, wait = busy.reason, max(wait, busy.wait)
                if busy.nobody and not self._answered:
                    raise self.address.failure(reason, "an endpoint that is running") from None
            except (TimeoutError, asyncio.TimeoutError):
                reason = f"no whole answer within {self.manners.timeout:g} seconds (time-out)"
            else:
                self._answered = True
                return answer
            attempt += 1
            if attempt == tries:
                raise self.address.failure(f"{reason} ({tries} {'try' if tries == 1 else 'tries'})")
            if wait > _LONGEST_WAIT:
                raise self.address.failure(f"{reason}; it asks to wait for {wait:.0f} seconds")
            await asyncio.sleep(wait)

    async def _post(self, path: str, body: Body) -> str:
        with replies.errors(self.address):
            text: str = await self._connections.post(path, cast_to=str, body=body, options=self._options())
        return text

    async def _get(self, path: str) -> str:
        with replies.errors(self.address):
            text: str = await self._connections.get(path, cast_to=str, options=self._options())
        return text

    def _options(self) -> Any:
        import openai

        keyed = {self.address.key_header: self._credential()} if self.address.key else {}
        headers: Mapping[str, Any] = {"Authorization": openai.Omit(), **self.address.headers, **keyed}
        return {"headers": headers}

    def _credential(self) -> str:
        return f"Bearer {self.address.key}" if self.address.key_header == "Authorization" else self.address.key


def _connections(address: Address) -> Any:
    """Return the package's client: it tries once, follows no redirect (which would carry the key elsewhere)."""
    try:
        import openai
    except ImportError:
        raise UserError("", "endpoints need the openai package", "", "pip install 'zsbench[endpoint]'") from None
    # The deadline for a whole answer is kept above; between two pieces of a body nothing further is asked.
    http = openai.DefaultAsyncHttpxClient(follow_redirects=False, trust_env=not address.local, timeout=None)
    return openai.AsyncOpenAI(
        base_url=address.base_url,
        api_key="none",
        max_retries=0,
        default_headers={"User-Agent": "zsbench"},
        default_query=dict(address.query),
        http_client=http,
    )


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return the loop that all clients of the process share; it runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="endpoints", daemon=True).start()
    return loop


def _wait(coroutine: Coroutine[Any, Any, _T], running: set[futures.Future[Any]]) -> _T:
    """Run in the shared loop and return the result; whoever is interrupted leaves nothing running."""
    future = asyncio.run_coroutine_threadsafe(coroutine, _loop())
    running.add(future)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise
    finally:
        running.discard(future)
