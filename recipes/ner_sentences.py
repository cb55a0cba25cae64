"""Sentences about invented names, each of some kind and origin, and the labels that may ask for them.

A name such as "Velmo Karis" says nothing by itself; the sentence around it tells that it is a painter and
Danish. So a label ("danish painter", "painter from denmark") is answered only by reading, and whole
combinations of kind and origin can be kept out of training.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# the word used as a label from the start, and a synonym whose use as a label is rationed
KINDS = {
    "painter": "artist", "doctor": "physician", "lawyer": "attorney", "soldier": "warrior",
    "teacher": "instructor", "singer": "vocalist", "actor": "performer", "merchant": "trader",
    "king": "monarch", "river": "stream", "mountain": "peak", "forest": "woodland",
    "island": "isle", "town": "settlement", "road": "highway", "museum": "gallery",
    "hospital": "clinic", "school": "academy", "company": "firm", "newspaper": "journal",
    "ship": "vessel", "car": "automobile", "horse": "steed", "jewel": "gem",
}  # fmt: skip
ORIGINS = {
    "danish": "Denmark", "norwegian": "Norway", "polish": "Poland", "italian": "Italy",
    "spanish": "Spain", "greek": "Greece", "turkish": "Turkey", "egyptian": "Egypt",
    "indian": "India", "chinese": "China", "japanese": "Japan", "korean": "Korea",
    "brazilian": "Brazil", "mexican": "Mexico", "canadian": "Canada", "peruvian": "Peru",
}  # fmt: skip

# {N} name, {k} kind, {A} adjective, {C} country, {D} an invented name that nothing is said about
MENTIONS = (
    "the {A} {k} {N}", "{N} , a {k} from {C} ,", "{N} , the {A} {k} ,", "the {k} {N} of {C}",
    "a {k} called {N} from {C}", "the {k} from {C} named {N}",
)  # fmt: skip
TAILS = (
    "was seen near {D}", "was well known", "was praised by {D}", "did not last long", "cost {n} coins",
    "was described by {D} in {n}", "appears in old letters", "was painted by {D}", "is hardly remembered",
)  # fmt: skip
OPENERS = ("", "", "", "In {n} ,", "Long ago", "{D} wrote that", "Near {D} ,", "We heard that")
JOINERS = (", and", ";", ", while", ", but", "and")

ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "dr", "kr", "st", "tr")
VOWELS = ("a", "e", "i", "o", "u", "au", "ei")
CODAS = ("", "", "", "l", "n", "r", "s", "k", "m")

Pair = tuple[str, str]  # kind, origin


@dataclass(frozen=True)
class Entity:
    """One name in a sentence: its words (end inclusive) and what the sentence says about it."""

    start: int
    end: int
    kind: str
    origin: str


@dataclass(frozen=True)
class Sentence:
    """Words and the entities among them."""

    words: tuple[str, ...]
    entities: tuple[Entity, ...]


def adjective_label(kind: str, origin: str) -> str:
    return f"{origin} {kind}"


def country_label(kind: str, origin: str) -> str:
    return f"{kind} from {ORIGINS[origin].lower()}"


def origin_label(origin: str) -> str:
    return f"{origin} thing"


def labels_of(entity: Entity) -> tuple[str, ...]:
    """Every label wording that is true of an entity."""
    kind, origin = entity.kind, entity.origin
    return (
        kind, KINDS[kind], origin_label(origin), adjective_label(kind, origin), country_label(kind, origin),
    )  # fmt: skip


@functools.cache
def vocabulary() -> tuple[str, ...]:
    """All lower-case words of sentences and labels; invented names stay outside."""
    shapes = " ".join((*MENTIONS, *TAILS, *OPENERS, *JOINERS)).split()
    words = {shape.lower() for shape in shapes if "{" not in shape and shape.isalpha()}
    words |= KINDS.keys() | set(KINDS.values()) | ORIGINS.keys() | {country.lower() for country in ORIGINS.values()}
    return tuple(sorted(words | {"thing", "from", ",", ";", "."}))


def split_pairs(rng: np.random.Generator, share: float = 0.2) -> tuple[list[Pair], list[Pair]]:
    """Combinations for training, and the share of them held out, the same number for every kind."""
    train: list[Pair] = []
    held_out: list[Pair] = []
    for kind in KINDS:
        order = [list(ORIGINS)[index] for index in rng.permutation(len(ORIGINS))]
        cut = round(share * len(order))
        held_out += [(kind, origin) for origin in order[:cut]]
        train += [(kind, origin) for origin in order[cut:]]
    return train, held_out


def invent_name(rng: np.random.Generator) -> list[str]:
    """One to three capitalised words of two or three syllables that are in no vocabulary."""

    def word() -> str:
        syllables = (pick(rng, ONSETS) + pick(rng, VOWELS) for _ in range(rng.integers(2, 4)))
        made = "".join(syllables) + pick(rng, CODAS)
        return word() if made in vocabulary() else made.capitalize()  # "peru" can be spelt, rarely

    return [word() for _ in range(rng.choice(3, p=(0.4, 0.45, 0.15)) + 1)]


def pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[rng.integers(len(choices))]


def fill(rng: np.random.Generator, shape: str) -> list[str]:
    """The words of an opener or a tail, with invented names and numbers in their places."""
    words: list[str] = []
    for part in shape.split():
        if part == "{D}":
            words += invent_name(rng)
        else:
            words.append(part.replace("{n}", str(rng.integers(1200, 2000))))
    return words


def mention(rng: np.random.Generator, pair: Pair, synonyms: float) -> tuple[list[str], int, int]:
    """A noun phrase around a new name, with the name's first and last word in it."""
    kind, origin = pair
    words: list[str] = []
    start = end = 0
    for part in pick(rng, MENTIONS).split():
        if part == "{N}":
            start = len(words)
            words += invent_name(rng)
            end = len(words) - 1
        else:
            named = KINDS[kind] if part == "{k}" and rng.random() < synonyms else kind
            words.append(part.format(k=named, A=origin.capitalize(), C=ORIGINS[origin]))
    return words, start, end


def write_sentence(rng: np.random.Generator, pairs: Sequence[Pair], clauses: int, synonyms: float) -> Sentence:
    """A sentence of so many clauses, each naming one entity; synonyms is how often it says the other word."""
    words = fill(rng, pick(rng, OPENERS))
    entities = []
    for number in range(clauses):
        if number:
            words += pick(rng, JOINERS).split()
        pair = pairs[rng.integers(len(pairs))]
        phrase, start, end = mention(rng, pair, synonyms)
        entities.append(Entity(len(words) + start, len(words) + end, *pair))
        words += phrase + fill(rng, pick(rng, TAILS))
    words.append(".")
    words[0] = words[0][0].upper() + words[0][1:]
    return Sentence(tuple(words), tuple(entities))
