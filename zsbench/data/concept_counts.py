"""How often concepts stand in pretraining data, joined with the names that results and tasks have for them.

A name is looked up as it stands, then under its alias, then without regard to letter case, `_` and blanks where that
leaves one name. What is found in none of these ways is an error: a wrong count would be a wrong number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import IntArray, np
from zsbench.data import synonym_counts
from zsbench.data.class_names import plain
from zsbench.data.label_counts import EXPECTED, read_counts
from zsbench.data.unmatched_names import unmatched

ALIASES = {"plane": "airplane"}
"""Names of concepts in results -> in counts: CIFAR-10's accuracies and counts were published under two names."""


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
    # The name may be empty: the paper has counts of what is left of nouns without letters.
    for name in (concept, aliases.get(concept, concept)):
        if name in counts:
            return name
        alike = folded.get(_folded(name), [])
        if len(alike) == 1:
            return alike[0]
    return None


def _folded(name: str) -> str:
    return " ".join(plain(name).casefold().split())


def class_counts(path: Path, class_names: Sequence[str]) -> IntArray:
    """Return the count of each class, (n_classes,), from JSON `{concept: count}`, zeros included.

    In REAL's form (`synonym_counts`) the count is that of the captions that are about the class.

    Raises
    ------
    UserError
        A class has no count (with the nearest names), or the file holds something else.
    """
    if synonym_counts.is_counted(jsonfiles.read(path, EXPECTED)):
        return _relevant(path, class_names)
    counts = read_counts(path, zeros=True)
    found = names_in(counts, class_names)
    missing = [name for name, known in zip(class_names, found, strict=True) if known is None]
    if missing:
        expected = "a count for each class, 0 for one that is never found"
        raise UserError(shown(path), unmatched(missing, counts), expected)
    return np.array([counts[name] for name in found if name is not None], dtype=np.int64)


def _relevant(path: Path, class_names: Sequence[str]) -> IntArray:
    counted = synonym_counts.read_synonym_counts(path)
    counts = []
    for one in synonym_counts.of_classes(counted, class_names, shown(path)):
        if one.relevant is None:
            hint = "`zsbench frequency relevance` adds it, or `{class: count}` says what to take"
            raise UserError(shown(path), f"no `relevant_total` of '{one.name}'", "captions about the class", hint)
        counts.append(one.relevant)
    return np.array(counts, dtype=np.int64)
