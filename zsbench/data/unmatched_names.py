"""Names that a file has nothing for, as a message lists them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from zsbench.core.errors import did_you_mean
from zsbench.core.words import number_of

_LISTED = 10


def unmatched(
    names: Sequence[str], known: Collection[str], what: str = "concept", lack: str = "without a count"
) -> str:
    """Return names that have no count, or another lack, the first ten with the nearest of those that have none.

    Examples
    --------
    >>> unmatched(["cats", "zebra"], ["cat", "dog"])
    "2 concepts without a count: 'cats' (nearest: 'cat'), 'zebra'"
    """
    listed = []
    for name in names[:_LISTED]:
        near = did_you_mean(name, known, limit=1).removeprefix("did you mean ").removesuffix("?")
        listed.append(f"'{name}'" + (f" (nearest: {near})" if near else ""))
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{number_of(len(names), what)} {lack}: {', '.join(listed)}{more}"
