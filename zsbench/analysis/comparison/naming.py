"""What runs are called in a comparison: model, method, and what tells runs of equal names apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zsbench.analysis.comparison.entrants import Entrant, without_seeds
from zsbench.analysis.comparison.joined import Joined
from zsbench.analysis.comparison.sides import By
from zsbench.core.records import canonical_json
from zsbench.report.variants import leaves, variants

_SHOWN = 40
"""A longer value is not printed: its key says enough."""
_LISTED = 3
"""Pairs of runs that are named; more are counted."""


@dataclass(frozen=True)
class Name:
    """A run's model and method, and the options that tell it from others of these names: `limit=10`."""

    model: str
    method: str
    variant: str = ""

    @property
    def title(self) -> str:
        """Model and method."""
        return f"{self.model} / {self.method}"

    def __str__(self) -> str:
        return self.beside(None)

    def beside(self, by: By | None) -> str:
        """Return the name without what the side already says."""
        name = self.title if by is None else self.model if by == "method" else self.method
        return f"{name} ({self.variant})" if self.variant else name


def names_of(entrants: Sequence[Entrant]) -> dict[int, Name]:
    """Return the name of each entrant by the `id` of its first run.

    Seeds of an entrant of several do not name it.
    """
    distinct = {id(entrant.first): entrant for entrant in entrants}
    results = []
    for entrant in distinct.values():
        result = entrant.first.result
        one_seed = len(entrant.runs) == 1
        results.append(result if one_seed else result | {"config": without_seeds(result.get("config", {}))})
    texts = variants(results)
    return {
        key: Name(*entrant.first.names[1:], text) for (key, entrant), text in zip(distinct.items(), texts, strict=True)
    }


def changed_keys(pairs: Sequence[Joined]) -> Iterator[str]:
    """Yield what differs between runs of equal names: keys of their configs with both values, or the model's files."""
    of_difference: dict[str, list[str]] = {}
    for joined in pairs:
        if joined.first.title == joined.second.title and joined.first.runs != joined.second.runs:
            name = f"{joined.first.task}, {joined.first.title}"
            of_difference.setdefault(_difference(joined), []).append(name)
    for difference, names in of_difference.items():
        listed = list(dict.fromkeys(names))
        named = "; ".join(listed) if len(listed) <= _LISTED else f"{len(listed)} runs of equal names"
        yield f"{named}: {difference}"


def _difference(joined: Joined) -> str:
    """Return what differs between two entrants of equal names, as a sentence without its subject."""
    first, second = (entrant.first.result for entrant in (joined.first, joined.second))
    of_each = [dict(leaves(without_seeds(result.get("config", {})))) for result in (first, second)]
    if len(joined.first.runs) == len(joined.second.runs) == 1:
        of_each = [dict(leaves(result.get("config", {}))) for result in (first, second)]
    keys = [key for key in dict.fromkeys([*of_each[0], *of_each[1]]) if of_each[0].get(key) != of_each[1].get(key)]
    if keys:
        return "first and second differ in " + ", ".join(
            _values(key, *(each.get(key) for each in of_each)) for key in keys
        )
    if first.get("model_fingerprint", "") != second.get("model_fingerprint", ""):
        return "first and second differ in the model's weights or files, and in no key of their configs"
    return "first and second are of one config"


def _values(key: str, first: object, second: object) -> str:
    texts = ["default" if value is None else canonical_json(value).strip('"') for value in (first, second)]
    return f"{key} ({texts[0]}, {texts[1]})" if max(map(len, texts)) <= _SHOWN else key
