"""Captioned glyphs for image-text retrieval: two images of each concept, one to three captions an image.

Run: python -m recipes.glyph_captions --out zsbench/assets
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path

import pyarrow.parquet as pq

PER_CONCEPT = 2
SEED = 5


def captions(row: dict[str, str], rng: random.Random) -> list[str]:
    """One to three captions that say more and more about an image."""
    # Letters and digits have no texture of their own, so theirs is not worth a word.
    texture = "" if row["texture"] == "plain" else f"{row['texture']} "
    thing = f"{row['colour']} {texture}{row['concept']}"
    article = "an" if row["colour"] == "orange" else "a"
    told = [
        f"a photo of a {row['size']} {thing} on a {row['background']} background",
        f"this is {article} {thing} on a {row['background']} background",
        f"a drawing of a {row['size']} {thing}",
    ]
    return told[: rng.randint(1, len(told))]


def main(out: Path) -> None:
    """Write the images of the glyph test set that come first for each concept, and captions.csv."""
    folder = out / "data" / "glyph-captions"
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    seen: dict[str, int] = {}
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["path", "caption"])
        for row in pq.read_table(out / "data" / "glyphs" / "test.parquet").to_pylist():
            number = seen[row["concept"]] = seen.get(row["concept"], 0) + 1
            if number > PER_CONCEPT:
                continue
            name = f"{row['concept'].replace(' ', '-')}-{number}.png"
            (folder / name).write_bytes(row["image"]["bytes"])
            writer.writerows([name, text] for text in captions(row, rng))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
