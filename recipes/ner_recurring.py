"""Sentences in which names come again: what a list of names learnt from training sentences is worth, and what not.

Half of the names that recur end in a word for what they are ("Karis Mountain"), as real names often do; the others say
nothing by themselves, nor do the names that stand in one sentence alone.

Run: python -m recipes.ner_recurring --out zsbench/assets
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from recipes.common import write_card
from recipes.ner_sentences import KINDS, ORIGINS, Pair, invent_name, write_sentence

NAME = "names-recurring"
SEED = 7
SPLITS = {"train": 120, "validation": 80, "test": 120}
RECURRING = 0.6
"""The share of mentions whose name is one of the known ones of its kind."""

Names = dict[str, list[list[str]]]
"""Kind -> names, each a list of words."""


def known_names(rng: np.random.Generator) -> Names:
    """Four names of every kind, two of which end in the kind or in its synonym."""
    names = {}
    for kind, synonym in KINDS.items():
        plain = [invent_name(rng) for _ in range(4)]
        names[kind] = [*plain[:2], [plain[2][0], kind.capitalize()], [plain[3][0], synonym.capitalize()]]
    return names


def written(
    rng: np.random.Generator, pairs: list[Pair], names: dict[str, list[list[str]]]
) -> tuple[list[str], list[list[object]]]:
    """Words and [first, last, kind] of a sentence, some of its names exchanged for known ones."""
    sentence = write_sentence(rng, pairs, int(rng.integers(1, 4)), synonyms=0.5)
    words: list[str] = []
    spans: list[list[object]] = []
    end = 0
    for entity in sentence.entities:
        words += sentence.words[end : entity.start]
        own = list(sentence.words[entity.start : entity.end + 1])
        if rng.random() < RECURRING:
            own = names[entity.kind][rng.integers(len(names[entity.kind]))]
        spans.append([len(words), len(words) + len(own) - 1, entity.kind])
        words += own
        end = entity.end + 1
    return [*words, *sentence.words[end:]], spans


def main(out: Path) -> None:
    """Write train.jsonl, validation.jsonl and test.jsonl."""
    rng, folder = np.random.default_rng(SEED), out / "data" / NAME
    names, pairs = known_names(rng), [(kind, origin) for kind in KINDS for origin in ORIGINS]
    folder.mkdir(parents=True, exist_ok=True)
    for split, n in SPLITS.items():
        made = [written(rng, pairs, names) for _ in range(n)]
        rows = [{"id": f"{split}-{k:03d}", "tokens": words, "spans": spans} for k, (words, spans) in enumerate(made)]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "labels.txt").write_text("".join(f"{kind}\n" for kind in KINDS), encoding="utf-8")
    write_card(
        folder,
        name=NAME,
        summary="Sentences about invented things of 24 kinds, whose names come again from training to test.",
        recipe="python -m recipes.ner_recurring",
        seed=SEED,
        settings={**SPLITS, "names": sum(map(len, names.values())), "recurring": RECURRING},
        reached={},
        limits=["Every name has one kind, so that a list of names is never wrong where it knows one."],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
