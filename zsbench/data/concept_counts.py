"""How often concepts stand in pretraining data, joined with the names that results and tasks have for them.

A name is looked up as it stands, then under its alias, then without regard to letter case, `_` and blanks where that
leaves one name. What is found in none of these ways is an error: a wrong count would be a wrong number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.core.lazy import IntArray, np
from zsbench.core.words import number_of
from zsbench.data.class_names import plain
from zsbench.data.label_counts import read_counts

ALIASES = {"plane": "airplane"}
"""Names of concepts in results -> in counts: CIFAR-10's accuracies and counts were published under two names."""
_LISTED = 10


def names_in(
    counts: Mapping[str, int], concepts: Iterable[str], aliases: Mapping[str, str] = ALIASES
) -> list[str | None]:
    """Return the name that counts have for each concept, None where they have none.

    Examples
    --------
    >>> names_in({"airplane": 5, "tiger cat": 2, "Crane": 1, "crane": 3}, ["plane", "Tiger_cat", "CRANE", "owl"])
    ['airplane', 'tiger cat', None, None]
    """
    folded: dict[str, list[str]] = {}
    for name in counts:
        folded.setdefault(_folded(name), []).append(name)
    return [_name_in(counts, folded, concept, aliases) for concept in concepts]


def _name_in(
    counts: Mapping[str, int], folded: Mapping[str, Sequence[str]], concept: str, aliases: Mapping[str, str]
) -> str | None:
    for name in filter(None, (concept, aliases.get(concept))):
        if name in counts:
            return name
        alike = folded.get(_folded(name), [])
        if len(alike) == 1:
            return alike[0]
    return None


def _folded(name: str) -> str:
    return " ".join(plain(name).casefold().split())


def unmatched(concepts: Sequence[str], counts: Mapping[str, int]) -> str:
    """Return concepts that have no count as a message lists them, the first ten with the nearest name that has one."""
    listed = []
    for concept in concepts[:_LISTED]:
        near = did_you_mean(concept, counts, limit=1).removeprefix("did you mean ").removesuffix("?")
        listed.append(f"'{concept}'" + (f" (nearest: {near})" if near else ""))
    more = f" and {len(concepts) - _LISTED} more" if len(concepts) > _LISTED else ""
    return f"{number_of(len(concepts), 'concept')} without a count: {', '.join(listed)}{more}"


def class_counts(path: Path, class_names: Sequence[str]) -> IntArray:
    """Return the count of each class, (n_classes,), from JSON `{concept: count}`, zeros included.

    Raises
    ------
    UserError
        A class has no count (with the nearest names), or the file holds something else.
    """
    counts = read_counts(path, zeros=True)
    found = names_in(counts, class_names)
    missing = [name for name, known in zip(class_names, found, strict=True) if known is None]
    if missing:
        raise UserError(
            shown(path), unmatched(missing, counts), "a count for each class, 0 for one that is never found"
        )
    return np.array([counts[name] for name in found if name is not None], dtype=np.int64)
