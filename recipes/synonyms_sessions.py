"""Sessions in the synonym language: beginnings of stories with their endings, and a beginning told again.

A user's history is ten stories, each a beginning ("gift doctor") and its ending ("amber ."); the last item is one of
these beginnings in other words ("query present physician"). What comes next: the endings of the user's own stories
about that person or thing, that of the same story first.

Run: python -m recipes.synonyms_sessions --out zsbench/assets
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from recipes.common import write_card
from recipes.synonyms import ENTITIES, RELATIONS, VALUES
from zsbench.corpus.semantic_ids import random_start, residual_codes, shared
from zsbench.models.text.bi_encoder import bi_encoder

SEED, USERS, STORIES, ABOUT = 40_000, 60, 10, 16
LEVELS, CODES = 3, 20


def catalogue(entities: list[int]) -> dict[str, str]:
    """Return the texts of all items by name: beginnings, beginnings told again, endings."""
    found: dict[str, str] = {}
    for word in ("first", "again"):
        for entity in entities:
            for relation in RELATIONS:
                first = f"{relation[0]} {ENTITIES[entity][0]}"
                text = first if word == "first" else f"query {relation[1]} {ENTITIES[entity][1]}"
                found[f"{word}-{first.replace(' ', '-')}"] = text
    return found | {value: f"{value} ." for value in VALUES}


def session(rng: np.random.Generator, entities: list[int]) -> tuple[list[str], list[str]]:
    """Draw one user's history and what comes next."""
    people = rng.choice(entities, 6, replace=False).tolist()
    pairs = [(entity, relation) for entity in people for relation in range(len(RELATIONS))]
    stories = [pairs[i] for i in rng.permutation(len(pairs))[:STORIES]]
    endings = rng.choice(VALUES, STORIES, replace=False).tolist()
    names = [f"{RELATIONS[relation][0]}-{ENTITIES[entity][0]}" for entity, relation in stories]
    asked = int(rng.integers(STORIES))
    others = [i for i, (entity, _) in enumerate(stories) if entity == stories[asked][0] and i != asked]
    history = [item for name, ending in zip(names, endings, strict=True) for item in (f"first-{name}", ending)]
    return [*history, f"again-{names[asked]}"], [endings[i] for i in (asked, *others)]


def main(out: Path) -> None:
    """Write sessions.jsonl, items.jsonl and ids.jsonl."""
    rng = np.random.default_rng(SEED)
    entities = rng.choice(len(ENTITIES), ABOUT, replace=False).tolist()
    items = catalogue(entities)
    folder = out / "data" / "synonyms-sessions"
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [session(rng, entities) for _ in range(USERS)]
    rows = [{"user": f"user-{i:02d}", "history": h, "target": t} for i, (h, t) in enumerate(drawn, 1)]
    encoder = bi_encoder(
        model=str(out / "models" / "lm-synonyms"), pooling="mean", normalise=True, query_prefix="", document_prefix=""
    )
    vectors = np.asarray(encoder.encode_documents(list(items.values())), dtype=np.float64)
    codes, _ = residual_codes(vectors, LEVELS, random_start(CODES))
    _write(folder / "sessions.jsonl", rows)
    _write(folder / "items.jsonl", [{"_id": name, "text": text} for name, text in items.items()])
    _write(folder / "ids.jsonl", [{"_id": n, "codes": own} for n, own in zip(items, codes.tolist(), strict=True)])
    write_card(
        folder,
        name="synonyms-sessions",
        summary="Sixty users who see a story begin again, in other words, and go on to its ending.",
        recipe="python -m recipes.synonyms_sessions",
        seed=SEED,
        settings={
            "users": USERS,
            "stories": STORIES,
            "items": len(items),
            "levels": LEVELS,
            "codes": CODES,
            "items_that_share_all_codes": shared(codes),
        },
        reached={},
        limits=[
            "What comes next stands in the history: made for a model that looks things up, unlike real sessions.",
            "The items' vectors lie close together, so most share their codes with another item.",
        ],
    )


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
