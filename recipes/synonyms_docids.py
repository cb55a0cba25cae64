"""One collection of twenty passages with letters as docids, questions in every wording, and softmax rows for each.

The rows are those of a softmax over documents, learnt on the encoder's vectors of what a document may be asked by: its
passage, its words and their synonyms, each alone. No question of two words is among them.

Run: python -m recipes.synonyms_docids --out zsbench/assets
"""

from __future__ import annotations

import argparse
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from recipes.common import write_card, write_json
from recipes.synonyms import (
    ENTITIES,
    LETTERS,
    PAD,
    POOL,
    RELATIONS,
    VOCABULARY,
    Array,
    Difficulty,
    draw_contexts,
)
from zsbench.models.text.bi_encoder import bi_encoder

SEED = 30_000
STEPS, RATE, SCALE = 400, 0.5, 20.0


def passages() -> list[tuple[int, int, str]]:
    """Draw (entity, relation, text) of every passage, mostly in the first word of each pair."""
    how = Difficulty((POOL, POOL), passage_b=0.2, hard_negatives=1 / 3, fillers=0.5, free_order=True)
    drawn = draw_contexts(np.random.default_rng(SEED), 1, POOL, how)
    texts = [" ".join(VOCABULARY[token] for token in row if token != PAD) for row in drawn.text[0]]
    return list(zip(drawn.entity[0].tolist(), drawn.relation[0].tolist(), texts, strict=True))


def learnt(rows: Array, vectors: Array, documents: Array) -> Array:
    """Return softmax rows (n_documents, width) after gradient descent on (vector, document) pairs."""
    rows, asked = rows.copy(), np.eye(len(rows))[documents]
    for _ in range(STEPS):
        logits = SCALE * vectors @ rows.T
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        rows -= RATE * (chances - asked).T @ vectors / len(vectors)
    return rows


def main(out: Path) -> None:
    """Write a BEIR folder, docids.json and weights-*.npy."""
    found = passages()
    names = [f"passage-{number:02d}" for number in range(1, POOL + 1)]
    folder = out / "data" / "synonyms-docids"
    corpus = [{"_id": name, "title": "", "text": text} for name, (*_, text) in zip(names, found, strict=True)]
    queries, judged = [], ["query-id\tcorpus-id\tscore"]
    for name, (entity, relation, _) in zip(names, found, strict=True):
        for wording, (a, b) in enumerate(product(RELATIONS[relation], ENTITIES[entity]), 1):
            key = f"{name}-{wording}"
            queries.append({"_id": key, "text": f"{a} {b}"})
            judged += [
                f"{key}\t{other}\t{1 + (r == relation)}"
                for other, (e, r, _) in zip(names, found, strict=True)
                if e == entity
            ]
    _write(folder / "corpus.jsonl", [json.dumps(row) for row in corpus])
    _write(folder / "queries.jsonl", [json.dumps(row) for row in queries])
    _write(folder / "qrels" / "test.tsv", judged)
    write_json(folder / "docids.json", dict(zip(names, LETTERS, strict=True)))
    _write_rows(out, folder, found)
    write_card(
        folder,
        name="synonyms-docids",
        summary="Twenty passages of the synonym language with letters as docids, and 80 questions of two words.",
        recipe="python -m recipes.synonyms_docids",
        seed=SEED,
        settings={"passages": POOL, "questions": len(queries), "steps": STEPS, "rate": RATE, "scale": SCALE},
        reached={},
        limits=["Twenty documents: the number says that the pipeline works, nothing about large collections."],
    )


def _write_rows(out: Path, folder: Path, found: list[tuple[int, int, str]]) -> None:
    """Write the rows that a dense retriever gives, and those learnt from them and from chance."""
    encoder: Any = bi_encoder(
        model=str(out / "models" / "lm-synonyms"), pooling="mean", normalise=True, query_prefix="", document_prefix=""
    )
    texts = [[text, *RELATIONS[relation], *ENTITIES[entity]] for entity, relation, text in found]
    documents = np.repeat(np.arange(len(found)), [len(own) for own in texts])
    vectors = np.asarray(encoder.encode_queries([text for own in texts for text in own]), dtype=np.float64)
    dense = np.asarray(encoder.encode_documents([text for *_, text in found]), dtype=np.float64)
    chance = np.random.default_rng(SEED).normal(0, 0.02, dense.shape)
    for name, rows in (
        ("dense", dense),
        ("vanilla", learnt(chance, vectors, documents)),
        ("overdense", learnt(dense, vectors, documents)),
    ):
        np.save(folder / f"weights-{name}.npy", rows.astype(np.float16))


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
