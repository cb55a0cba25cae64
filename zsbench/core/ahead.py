"""Work that runs ahead in threads, so that the model never waits for decoding."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zsbench.core.lazy import lazy

if TYPE_CHECKING:
    from concurrent import futures
else:
    futures = lazy("concurrent.futures")

T = TypeVar("T")

WORKERS = min(8, os.cpu_count() or 1)

# Torch's threads wait for each other in a loop that takes a whole core from those that decode. OpenMP reads this when
# torch is loaded, which is later.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


class _Ahead(Generic[T]):
    """A sequence read in slices from front to back, each element computed a little before it is asked for."""

    def __init__(self, pool: futures.ThreadPoolExecutor, function: Callable[[Any], T], items: Sequence[Any]) -> None:
        self._pool, self._function, self._items = pool, function, items
        self._futures: dict[int, futures.Future[T]] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, part: slice) -> list[T]:
        start, stop, _ = part.indices(len(self))
        # One batch further than asked; what lies before the slice will not be asked for again.
        for i in range(start, min(len(self), 2 * stop - start)):
            if i not in self._futures:
                self._futures[i] = self._pool.submit(self._function, self._items[i])
        self._futures = {i: future for i, future in self._futures.items() if i >= start}
        return [self._futures[i].result() for i in range(start, stop)]


@contextmanager
def ahead(function: Callable[[Any], T], items: Sequence[Any]) -> Iterator[Sequence[T]]:
    """Yield `function` of the items as a sequence to be sliced from front to back.

    Slicing `[a:b]` computes a..b in worker threads and starts on the batch after it; an error in `function` is
    raised by the slice that holds its item. A slice may be taken again in smaller pieces, not an earlier one.
    """
    pool = futures.ThreadPoolExecutor(WORKERS, thread_name_prefix="zsbench-ahead")
    try:
        yield _Ahead(pool, function, items)  # type: ignore[misc]
    finally:
        pool.shutdown(cancel_futures=True)


def side_by_side(function: Callable[[Any], T], items: Iterable[Any], workers: int) -> Iterator[T]:
    """Yield `function` of each item in order, so many of them at a time; for work that waits for others, such as HTTP.

    An error in `function` is raised where its item's turn has come; items that were not begun then never are.
    """
    pool = futures.ThreadPoolExecutor(workers, thread_name_prefix="zsbench-beside")
    waiting: deque[futures.Future[T]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
