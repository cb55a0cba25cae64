"""Cues (a colour, a texture, a kind of sign) with candidate glyphs some of which have it, in the manner of WinoGAViL.

Beside them a table of the drawn digits with the number each shows, in the layout of counting tasks.

Run: python -m recipes.glyph_associations --out zsbench/assets
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import pyarrow.parquet as pq

from recipes.common import write_card
from recipes.glyph_captions import PER_CONCEPT

SEED = 0
CANDIDATES = (5, 6, 10, 12)
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def words(row: dict[str, str]) -> set[str]:
    """The cues that are true of an image."""
    texture = set() if row["texture"] == "plain" else {row["texture"]}
    return {row["colour"], *texture, *({"digit", "letter"} & set(row["concept"].split()))}


def main(out: Path) -> None:
    """Write associations.jsonl and numbers.csv, whose images are those of glyph-captions."""
    rng = random.Random(SEED)
    seen: dict[str, int] = {}
    known: dict[str, set[str]] = {}
    for row in pq.read_table(out / "data" / "glyphs" / "test.parquet").to_pylist():
        number = seen[row["concept"]] = seen.get(row["concept"], 0) + 1
        if number <= PER_CONCEPT:
            known[f"{row['concept'].replace(' ', '-')}-{number}.png"] = words(row)
    lines = []
    for cue in sorted(set.union(*known.values())):
        have = [name for name, own in known.items() if cue in own]
        others = [name for name in known if name not in have]
        for size in CANDIDATES:
            right = rng.sample(have, min(len(have), rng.randint(2, size // 2)))
            images = right + rng.sample(others, size - len(right))
            rng.shuffle(images)
            chosen = sorted(images.index(name) for name in right)
            lines.append({"id": f"{cue}-{size}", "cue": cue, "images": images, "associations": chosen})
    folder = out / "data" / "glyph-associations"
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "associations.jsonl").write_text(text, encoding="utf-8")
    digits = [f"digit-{name}-{k}.png,{n},digit" for n, name in enumerate(NUMBERS, 1) for k in range(1, PER_CONCEPT + 1)]
    (folder / "numbers.csv").write_text("\n".join(["path,count,object", *digits]) + "\n", encoding="utf-8")
    write_card(
        folder,
        name="glyph-associations",
        summary="Cues (colours, textures, digit, letter), each with 5 to 12 candidate glyphs, some of which have it.",
        recipe="python -m recipes.glyph_associations",
        seed=SEED,
        settings={"cues": len(lines), "candidates": list(CANDIDATES), "images": "those of glyph-captions"},
        reached={},
        limits=["Cues are literal: WinoGAViL's ask for associations that people make."],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
