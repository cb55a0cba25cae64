"""Concepts of results joined with those of counts, by name: one point for each data set and concept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zsbench.analysis.frequency.corpus import Corpus
from zsbench.analysis.frequency.performance import Performance
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.core.words import number_of

ALIASES = {"plane": "airplane"}
"""Names of concepts in results -> in counts: CIFAR-10's accuracies and counts were published under two names."""
_LISTED = 10


@dataclass(frozen=True)
class Points:
    """Concepts pooled over data sets, none merged with those of another set; equally long.

    Attributes
    ----------
    names : (data set, concept).
    counts : (n,), as they were counted, zeros included.
    values : (n,), performance.
    notes : what was left out.
    """

    names: tuple[tuple[str, str], ...]
    counts: IntArray
    values: DoubleArray
    notes: tuple[str, ...] = ()


def read_aliases(paths: Sequence[Path]) -> dict[str, str]:
    """Return the aliases that ship with zsbench, and over them those of JSON files `{name in results: in counts}`.

    Raises
    ------
    UserError
        A file holds something else.
    """
    aliases = dict(ALIASES)
    for path in paths:
        expected = 'JSON {"name in results": "name in counts"}'
        value = jsonfiles.read(path, expected, unique=True)
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
            raise UserError(shown(path), "no object of texts", expected)
        aliases |= value
    return aliases


def joined(
    performance: Performance,
    corpus: Corpus,
    *,
    datasets: Sequence[str] = (),
    aliases: Mapping[str, str] = ALIASES,
    drop: bool = False,
) -> Points:
    """Return the points of one model and one corpus.

    A name is looked up as it stands, then under its alias, then without regard to letter case, `_` and blanks where
    that leaves one name. A concept without a name is left out, as retrieval results have one.

    Parameters
    ----------
    datasets : those that are pooled; by default all of the performance.
    drop : leave out concepts that have no count, instead of refusing them.

    Raises
    ------
    UserError
        A data set is not there or has no counts, a name has none (with the nearest ones), or no concept is left.
    """
    names: list[tuple[str, str]] = []
    counts, values = [], []
    unmatched: list[tuple[str, str, Mapping[str, int]]] = []
    unnamed = 0
    for dataset in datasets or list(performance.values):
        of_performance, of_corpus = _of_dataset(performance, corpus, dataset)
        folded = _folded(of_corpus)
        for concept, value in of_performance.items():
            name = _found(concept, of_corpus, folded, aliases)
            if name is None and not concept.strip():
                unnamed += 1
            elif name is None:
                unmatched.append((dataset, concept, of_corpus))
            else:
                names.append((dataset, concept))
                counts.append(of_corpus[name])
                values.append(value)
    if unmatched and not drop:
        raise _unmatched(unmatched, performance, corpus)
    if not names:
        raise UserError(performance.place, "no concept that has a count", f"concepts of {corpus.place}")
    notes = [f"{number_of(len(unmatched), 'concept')} without a count left out"] if unmatched else []
    notes += [f"{number_of(unnamed, 'concept')} without a name left out"] if unnamed else []
    return Points(tuple(names), np.asarray(counts, dtype=np.int64), np.asarray(values), tuple(notes))


def _of_dataset(
    performance: Performance, corpus: Corpus, dataset: str
) -> tuple[Mapping[str, float], Mapping[str, int]]:
    if dataset not in performance.values:
        hint = did_you_mean(dataset, performance.values) or f"data sets: {', '.join(performance.values)}"
        raise UserError(performance.place, f"no data set '{dataset}' of {performance.name}", "", hint)
    of_corpus = corpus.of(dataset)
    if of_corpus is None:
        found = f"no counts of data set '{dataset}' in {corpus.name}"
        expected = f"--dataset with some of those that have them: {', '.join(corpus.counts)}"
        raise UserError(corpus.place, found, expected)
    return performance.values[dataset], of_corpus


def _found(
    concept: str, counts: Mapping[str, int], folded: Mapping[str, list[str]], aliases: Mapping[str, str]
) -> str | None:
    for name in (concept, aliases.get(concept)):
        if name is not None and name in counts:
            return name
        alike = folded.get(_fold(name), []) if name is not None else []
        if len(alike) == 1:
            return alike[0]
    return None


def _folded(counts: Mapping[str, int]) -> dict[str, list[str]]:
    folded: dict[str, list[str]] = {}
    for name in counts:
        folded.setdefault(_fold(name), []).append(name)
    return folded


def _fold(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())


def _unmatched(
    missing: Sequence[tuple[str, str, Mapping[str, int]]], performance: Performance, corpus: Corpus
) -> UserError:
    listed = []
    for dataset, concept, counts in missing[:_LISTED]:
        near = did_you_mean(concept, counts, limit=1).removeprefix("did you mean ").removesuffix("?")
        listed.append(f"'{concept}'" + (f" of {dataset}" if dataset else "") + (f" (nearest: {near})" if near else ""))
    more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
    found = f"{number_of(len(missing), 'concept')} of {performance.name} without a count: {', '.join(listed)}{more}"
    return UserError(
        corpus.place, found, "a count for each", "--alias FILE names them, --unmatched drop leaves them out"
    )
