"""The order of things that nothing tells apart: by a hash of their names.

The order in which data list documents, functions or items says nothing about them, and often enough it says too much:
where gold stands first, a scorer that knows nothing is always right. So what has equal scores, or none at all, is
ordered by a hash of its name and of the query's, which is the same for every seed and for every order of the data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence


def place(query: str, name: str) -> bytes:
    """Return what sorts a name among others of equal score."""
    return hashlib.blake2b(f"{query}\0{name}".encode(errors="surrogatepass"), digest_size=12).digest()


def in_any_order(names: Iterable[str], query: str = "") -> list[str]:
    """Return names in the order of their hashes."""
    return sorted(names, key=lambda name: (place(query, name), name))


def rows_in_any_order(names: Sequence[str]) -> list[int]:
    """Return the numbers of names in the order of their hashes."""
    return sorted(range(len(names)), key=lambda row: (place("", names[row]), names[row]))


def best_first(scores: Mapping[str, float], query: str = "") -> list[str]:
    """Return names by score, highest first; equal ones in the order of their hashes."""
    return sorted(scores, key=lambda name: (-scores[name], place(query, name), name))
