"""The searches: how names become terms, and what finds terms in captions.

- `exact`: the words of a name next to each other, in any letter case; all but letters and digits parts words, `_` too.
- `lemma`: likewise, after every word was replaced by its lemma (see `lemmas`).
- `nouns`: the paper's: all words of a name, lemmatised, are among the nouns of a caption (see `parsed`); words that no
  caption at all has are left out of the name. `nouns-lowercased` looks for the words as they are.
- `substring`: the name anywhere in the caption, within words, too.
- `fts`: REAL's, a phrase in SQLite's full-text search.

Each counts a caption once. `multiword="intersection"` looks for the words of a name in any order with `exact` and
`lemma`, and leaves out words that no caption has, as `nouns` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from zsbench.analysis.frequency.counting import lemmas, parsed, words
from zsbench.analysis.frequency.counting.phrases import Phrases
from zsbench.analysis.frequency.counting.substrings import Substrings, folded
from zsbench.analysis.frequency.counting.tallies import Slots, Term, Wanted
from zsbench.core.errors import UserError
from zsbench.core.lazy import IntArray

Name = Literal["exact", "lemma", "nouns", "nouns-lowercased", "substring", "fts"]
Multiword = Literal["phrase", "intersection"]

Forms = Callable[[str], Iterable[str]]

NULL = {"fts": "N.A."}
"""What a caption that is null reads as, by search; elsewhere it is left out, and counted as null."""


class Finder(Protocol):
    """Finds terms in captions."""

    def find(self, texts: Sequence[Any], /) -> tuple[IntArray, IntArray]:
        """Return (n_found,) numbers of captions and of terms, in any order, a pair once or more."""


@dataclass(frozen=True)
class Search:
    """How captions are searched.

    Attributes
    ----------
    name : one of the searches.
    multiword : what several words of a name ask for; `phrase` with `substring` and `fts`, `intersection` with `nouns`.
    model : the model of spaCy that parses captions for `nouns`.
    """

    name: Name = "exact"
    multiword: Multiword = "phrase"
    model: str = parsed.CAPTION_MODEL

    @property
    def nouns(self) -> bool:
        """Whether captions are known by their nouns."""
        return self.name in ("nouns", "nouns-lowercased")

    @property
    def reading(self) -> str:
        """How an index of words for this search is made; empty where there is none."""
        readings = {"exact": "plain", "lemma": "plain", "fts": "unicode61", "substring": ""}
        return readings.get(self.name, "nouns")


def chosen(name: str, multiword: str | None, model: str | None) -> Search:
    """Return a search by the names of its parts, None where a part is left at its default.

    Raises
    ------
    UserError
        A part that the search does not ask for.
    """
    nouns = name in ("nouns", "nouns-lowercased")
    if multiword is not None and name not in ("exact", "lemma"):
        fixed = "intersection" if nouns else "phrase"
        raise UserError("--multiword", f"--search {name} always looks for the {fixed}", "exact or lemma beside it")
    if model is not None and not nouns:
        raise UserError("--spacy", f"--search {name} parses nothing", "--search nouns")
    default = "intersection" if nouns else "phrase"
    return Search(cast(Name, name), cast(Multiword, multiword or default), model or parsed.CAPTION_MODEL)


def make(search: Search, names: dict[str, list[str]], where: str) -> tuple[Slots, Finder]:
    """Return the slots of concepts and what finds their terms in captions.

    Parameters
    ----------
    names : {concept: names}.
    where : the file of the concepts, for messages.

    Raises
    ------
    UserError
        A name in which nothing is left to look for.
    """
    terms_of = _terms(search)
    wanted = []
    for concept, own in names.items():
        by_name = {name: terms_of(name) for name in own}
        for name, terms in by_name.items():
            if not terms or not all(terms):
                found = f"'{name}' of concept '{concept}' has nothing that '{search.name}' looks for"
                raise UserError(where, found, "a name with a letter or a digit")
        wanted.append(Wanted(concept, by_name))
    slots = Slots(wanted)
    return slots, _finder(search, slots.terms)


def alike(slots: Slots) -> list[list[str]]:
    """Return the concepts, two or more together, that are the same to a search: each of them has the same count."""
    groups: dict[frozenset[frozenset[Term]], list[str]] = {}
    for one in slots.wanted:
        key = frozenset(frozenset(terms) for terms in one.names.values())
        groups.setdefault(key, []).append(one.concept)
    return [group for group in groups.values() if len(group) > 1]


def _terms(search: Search) -> Callable[[str], tuple[Term, ...]]:
    """Return what gives the terms of a name."""
    if search.nouns:
        lemma: Callable[[str], str] = parsed.query_lemma()[0] if search.name == "nouns" else str
        return lambda name: tuple((word,) for word in dict.fromkeys(parsed.words_of(name, lemma)))
    if search.name == "substring":
        return lambda name: ((folded(name),),) if folded(name) else ()
    reading: words.Reading = "unicode61" if search.name == "fts" else "plain"
    of_word = lemmas.lemma if search.name == "lemma" else str

    def terms(name: str) -> tuple[Term, ...]:
        own = tuple(of_word(word) for word in words.of_text(name, reading))
        if search.multiword == "intersection":
            return tuple((word,) for word in dict.fromkeys(own))
        return (own,) if own else ()

    return terms


def forms_of(search: Search) -> Forms:
    """Return what gives the words of captions that stand for a word of a name."""
    return lemmas.forms if search.name == "lemma" else lambda word: (word,)


def _finder(search: Search, terms: Sequence[Term]) -> Finder:
    if search.nouns:
        return parsed.Nouns(terms, search.model)
    if search.name == "substring":
        return Substrings(terms)
    if search.name == "fts":
        return Phrases(terms, "unicode61")
    return Phrases(terms, "plain", forms_of(search))
