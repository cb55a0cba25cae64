"""The word vectors of the embedded span tagger as a text file in GloVe's format: an offline embedder of its labels.

Run: python -m recipes.ner_words --out zsbench/assets
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from recipes.common import write_card
from zsbench.models.spans._network import SPECIAL, SpanScorer

NAME = "ner-synthetic-words"


def lines(model: SpanScorer) -> list[str]:
    """Return a word and its numbers a line; five digits hold all of a half-precision weight."""
    table = model.words.weight.detach().to(torch.float64)
    words = {word: row for word, row in model.vocabulary.items() if word not in SPECIAL}
    return [" ".join((word, *(f"{value:.5g}" for value in table[row].tolist()))) for word, row in words.items()]


def main(out: Path) -> None:
    """Write vectors.txt from the weights of ner-synthetic."""
    model, folder = SpanScorer.from_folder(out / "models" / "ner-synthetic"), out / "data" / NAME
    written = lines(model)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vectors.txt").write_text("".join(f"{line}\n" for line in written), encoding="utf-8")
    write_card(
        folder,
        name=NAME,
        summary="The word vectors of ner-synthetic, to compare its labels with.",
        recipe="python -m recipes.ner_words",
        seed=0,
        settings={"words": len(written), "width": model.words.embedding_dim},
        reached={},
        limits=["Learnt from a few sentence templates: near are words that stand in the same places of them."],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
