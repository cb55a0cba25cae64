"""Images of drawn glyphs that were found by their captions, as features of `clip-glyphs-longtail`, and counted names.

One caption stands beside each image that the model was trained on. As in REAL, what is looked for are the synonyms of
a concept; the images of a few captions that hold one are encoded, as many a concept as there are up to `MOST`. Classes
have the rarer of their names ("number one", "capital B"), as data sets have names that few captions use.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from recipes import glyphs
from recipes.clip import Judge
from recipes.common import arguments, seed_everything, write_card
from recipes.episodes import MODEL, encode

NAME = "glyph-retrieved"
MOST = 6


def official(concept: str) -> str:
    """Return the name that the task gives a concept."""
    first, _, rest = concept.partition(" ")
    return f"{glyphs.OTHER_WORDS[first]} {rest}" if rest else concept


def synonyms(concept: str) -> list[str]:
    """Return the names a concept is looked for by; every other letter is looked for by itself, too."""
    first, _, rest = concept.partition(" ")
    alone = [rest] if first == "letter" and ord(rest) % 2 == 0 else []
    return list(dict.fromkeys([official(concept), concept, *alone]))


def found(captions: list[str]) -> dict[str, dict[str, list[int]]]:
    """Return {concept: {synonym: numbers of the captions that hold it, as whole words}}."""
    texts = [f" {caption.lower()} " for caption in captions]
    of_word: dict[str, list[int]] = defaultdict(list)
    for number, text in enumerate(texts):
        for word in set(text.split()):
            of_word[word].append(number)
    return {
        concept: {
            name: [n for n in of_word[name.lower().split()[-1]] if f" {name.lower()} " in texts[n]]
            for name in synonyms(concept)
        }
        for concept in glyphs.CLASSES
    }


def counted(hits: dict[str, dict[str, list[int]]]) -> dict[str, Any]:
    """Return the counts as REAL's `metrics-<corpus>.json` has them."""
    entries = {}
    for number, (concept, of_name) in enumerate(hits.items()):
        counts = {name: len(numbers) for name, numbers in of_name.items()}
        total = len(set().union(*of_name.values()))
        entries[str(number)] = {
            "name": official(concept),
            "alternates": counts,
            "actual_freq": total,
            "relevant_total": total,
        }
    return entries


@torch.no_grad()
def encode_texts(judge: Judge, texts: list[str]) -> NDArray[np.float32]:
    """Return features (n, width), not normalised."""
    features: NDArray[np.float32] = judge.model.encode_text(judge.tokenizer(texts)).numpy()
    return features


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    seed_everything(options.seed)
    rng = np.random.default_rng([options.seed, 3])
    out: Path = options.out
    of_concept = json.loads((out / "models" / MODEL / "concept_counts.json").read_text(encoding="utf-8"))
    attributes = glyphs.sample(np.repeat(np.arange(len(glyphs.CLASSES)), [of_concept[n] for n in glyphs.CLASSES]), rng)
    captions, _ = glyphs.captions(attributes, rng)
    hits = found(captions)
    chosen = [
        np.sort(rng.permutation(sorted(set().union(*of_name.values())))[:MOST]).astype(int) for of_name in hits.values()
    ]
    rows, labels = np.concatenate(chosen), np.repeat(np.arange(len(chosen)), [len(numbers) for numbers in chosen])
    judge = Judge(out / "models" / MODEL)
    images = encode(judge, [Image.fromarray(pixels) for pixels in glyphs.draw_many(attributes[rows], rng)])
    texts = encode_texts(judge, [captions[row] for row in rows])
    folder = out / "data" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    half = {"images": images.astype(np.float16), "captions": texts.astype(np.float16)}
    np.savez_compressed(folder / "retrieved.npz", **half, labels=labels.astype(np.int16))
    counts = counted(hits)
    # In the order of the classes, which settles ties between classes.
    (folder / "counts.json").write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    (folder / "classes.txt").write_text("\n".join(map(official, glyphs.CLASSES)) + "\n", encoding="utf-8")
    write_card(
        folder,
        name=NAME,
        summary=f"{MODEL}'s features of {len(rows)} training images and captions, and how often captions name a class.",
        recipe="python -m recipes.retrieved_glyphs",
        seed=options.seed,
        settings={"captions searched": len(captions), "images a concept": f"{MOST}, or as many as there are"},
        reached={"captions that hold a synonym": sum(entry["actual_freq"] for entry in counts.values())},
        limits=[
            "Every image shows what its caption says, as few on web pages do: every caption is relevant.",
            "Captions are drawn again each time training shows an image; these are one such draw.",
        ],
    )


if __name__ == "__main__":
    main()
