"""The word vectors of the embedded span tagger as a text file in GloVe's format: an offline embedder of its labels.

Beside it the labels that the tagger was trained on, split by how hard it is to transfer from them to the labels of the
ladder and of the unseen combinations: what `zsbench transfer-splits` writes, counts alone.

Run: python -m recipes.ner_words --out zsbench/assets
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from recipes.common import write_card, write_json
from zsbench.analysis.familiarity import splits
from zsbench.core.cache import Cache
from zsbench.data.label_counts import read_counts, read_labels
from zsbench.models.spans._network import SPECIAL, SpanScorer
from zsbench.models.text.word_vectors import word_vectors
from zsbench.search import label_vectors

NAME = "ner-synthetic-words"
RULES: tuple[splits.Rule, ...] = ("entropy", "max")
BENCHMARKS = ("ladder", "unseen")


def lines(model: SpanScorer) -> list[str]:
    """Return a word and its numbers a line; five digits hold all of a half-precision weight."""
    table = model.words.weight.detach().to(torch.float64)
    words = {word: row for word, row in model.vocabulary.items() if word not in SPECIAL}
    return [" ".join((word, *(f"{value:.5g}" for value in table[row].tolist()))) for word, row in words.items()]


def split_labels(out: Path, rule: splits.Rule) -> dict[str, dict[str, int]]:
    """Return the training labels of each difficulty with their mentions, by `<rule>-<difficulty>`."""
    folder = out / "data" / NAME
    encoder = word_vectors(vectors=str(folder / "vectors.txt"))
    counts = read_counts(out / "models" / "ner-synthetic" / "label_counts.json")
    benchmarks = {name: read_labels(out / "data" / "ner-synthetic" / f"labels-{name}.txt") for name in BENCHMARKS}
    similarities = {
        name: label_vectors.compared(encoder, labels, list(counts), cache=Cache(None), name=NAME).similarities
        for name, labels in benchmarks.items()
    }
    made = splits.split(similarities, list(counts), rule)
    return {f"{rule}-{name}": {label: counts[label] for label in types} for name, types in made.types.items()}


def main(out: Path) -> None:
    """Write vectors.txt from the weights of ner-synthetic."""
    model, folder = SpanScorer.from_folder(out / "models" / "ner-synthetic"), out / "data" / NAME
    written = lines(model)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vectors.txt").write_text("".join(f"{line}\n" for line in written), encoding="utf-8")
    kept = {name: labels for rule in RULES for name, labels in split_labels(out, rule).items()}
    for name, labels in kept.items():
        write_json(folder / f"{name}.json", labels)
    write_card(
        folder,
        name=NAME,
        summary="The word vectors of ner-synthetic, to compare its labels with, and splits of its training labels.",
        recipe="python -m recipes.ner_words",
        seed=0,
        settings={
            "words": len(written),
            "width": model.words.embedding_dim,
            "labels": {name: len(labels) for name, labels in kept.items()},
        },
        reached={},
        limits=["Learnt from a few sentence templates: near are words that stand in the same places of them."],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
