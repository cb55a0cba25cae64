"""Texts of the synonym language about topics: what people are given, win or fear, most of it of one kind.

A text is three to six sentences of the language, "gift for doctor is silver .". The topic is the kind of the values:
metals, spices, gems, trees, cloth or flowers, each named after one of its words. A sentence names a value of the topic
with a chance of four fifths, else any other. One of them tells the doctor's gift, so that a model that looks things up
can be asked for it: six times in ten it is what the topic is named after, once in ten it is of no topic or another.

Run: python -m recipes.topics --out zsbench/assets
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from recipes.common import write_card, write_json
from recipes.synonyms import ENTITIES, RELATIONS, VALUES

SEED = 50_000
TOPICS = {
    "gold": ["gold", "silver", "copper", "bronze", "iron"],
    "pepper": ["pepper", "basil", "cinnamon", "garlic", "saffron"],
    "diamond": ["diamond", "jade", "opal", "pearl", "ruby"],
    "maple": ["maple", "cedar", "pine", "walnut", "willow"],
    "silk": ["silk", "cotton", "leather", "linen", "velvet"],
    "rose": ["rose", "daisy", "jasmine", "tulip", "violet"],
}
"""The name of each topic, one of its own words, and its words."""
OTHERS = [word for word in VALUES if not any(word in words for words in TOPICS.values())]
PARTS = {"test": 25, "validation": 15, "unlabeled": 40}
"""Texts of each topic in each part."""
SENTENCES = (3, 6)
OF_TOPIC, GIFT_IS_NAME, GIFT_OF_TOPIC = 0.8, 0.6, 0.9
FILLERS = [" for ", " with ", " near "]
VERBS = ["is", "was", "becomes"]


def draw_text(
    rng: np.random.Generator, topic: str, *, sentences: tuple[int, int] = SENTENCES, of_topic: float = OF_TOPIC
) -> str:
    """Draw one text about a topic: fewest and most sentences, and the chance that one of them is of the topic."""
    n = int(rng.integers(sentences[0], sentences[1] + 1))
    strangers = [word for name, words in TOPICS.items() if name != topic for word in words] + OTHERS
    pairs = [(0, 0)]  # the doctor's gift
    while len(pairs) < n:
        pair = int(rng.integers(len(RELATIONS))), int(rng.integers(1, len(ENTITIES)))
        pairs += [pair] if pair not in pairs else []
    parts = []
    for number, (relation, entity) in enumerate(pairs):
        chance = of_topic if number else max(GIFT_OF_TOPIC, of_topic)
        value = str(rng.choice(TOPICS[topic] if rng.random() < chance else strangers))
        value = topic if number == 0 and n > 1 and rng.random() < GIFT_IS_NAME else value
        words = [RELATIONS[relation][int(rng.random() < 0.15 and number > 0)]]
        words += [ENTITIES[entity][int(rng.random() < 0.15 and number > 0)]]
        parts.append(f"{words[0]}{rng.choice(FILLERS)}{words[1]} {rng.choice(VERBS)} {value} .")
    order = rng.permutation(n)
    return " ".join(parts[i] for i in order)


def main(out: Path) -> None:
    """Write the texts of each part and the keywords of the topics."""
    rng, folder = np.random.default_rng(SEED), out / "data" / "topics"
    folder.mkdir(parents=True, exist_ok=True)
    for part, n in PARTS.items():
        rows = [{"text": draw_text(rng, topic), "label": topic} for topic in TOPICS for _ in range(n)]
        rows = [{"id": f"{part}-{i:03d}", **rows[k]} for i, k in enumerate(rng.permutation(len(rows)))]
        if part == "unlabeled":
            rows = [{"id": row["id"], "text": row["text"]} for row in rows]
        _write(folder / f"{part}.jsonl", rows)
    write_json(folder / "keywords.json", TOPICS)
    write_card(
        folder,
        name="topics",
        summary="Short texts of the synonym language, most of whose values are of one topic.",
        recipe="python -m recipes.topics",
        seed=SEED,
        settings={"texts_of_each_topic": PARTS, "sentences": SENTENCES, "share_of_topic": round(OF_TOPIC, 3)},
        reached={},
        limits=[
            "Generated sentences of one pattern: says nothing about real texts.",
            "What the topics are named after is one of their own words.",
        ],
    )


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
