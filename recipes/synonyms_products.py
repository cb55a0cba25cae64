"""Products of the synonym language with attribute values, their inductive split, and score matrices of a trained link.

A product is told by one to four attributes ("present is amber . badge is copper"), each in one of its two words; a
candidate value names the first word ("gift: amber"). The matrices are a bilinear link between the vectors of texts and
values, trained on the training products alone with two negatives a positive (as HyperPAVE is), once for each seed.

Run: python -m recipes.synonyms_products --out zsbench/assets
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from recipes.common import seed_everything, write_card
from recipes.synonyms import RELATIONS, VALUES
from zsbench.corpus.value_split import drawn, parts
from zsbench.methods.attribute_values import spoken
from zsbench.models.text.bi_encoder import bi_encoder

SEED, PRODUCTS, OF_ATTRIBUTE, DRAWN, RUNS = 60_000, 160, 4, 5, 3
EPOCHS, LEARNING_RATE, NEGATIVES, SCALE = 60, 1e-3, 2, 10.0

Product = tuple[str, list[str]]


def products(rng: np.random.Generator) -> list[Product]:
    """Draw the text and the values of every product."""
    known = [rng.choice(VALUES, OF_ATTRIBUTE, replace=False).tolist() for _ in RELATIONS]
    made = []
    for _ in range(PRODUCTS):
        attributes = rng.choice(len(RELATIONS), rng.integers(1, 5), replace=False).tolist()
        pairs = [(number, known[number][rng.integers(OF_ATTRIBUTE)]) for number in attributes]
        told = [f"{RELATIONS[number][int(rng.random() < 0.5)]} is {value}" for number, value in pairs]
        made.append((" . ".join(told), [f"{RELATIONS[number][0]}: {value}" for number, value in pairs]))
    return made


def trained_scores(
    texts: torch.Tensor, values: torch.Tensor, labels: torch.Tensor, tested: torch.Tensor, seed: int
) -> np.ndarray:
    """Return scores (n_tested, n_values) of a bilinear link that starts as the cosine of centred vectors.

    It is trained on texts (n, width) with labels (n, n_values); the seed draws the negatives.
    """
    draw = torch.Generator().manual_seed(seed)
    centre = texts.mean(0)
    texts, tested, values = (
        torch.nn.functional.normalize(table, dim=1)
        for table in (texts - centre, tested - centre, values - values.mean(0))
    )
    change = torch.zeros(texts.shape[1], texts.shape[1], requires_grad=True)
    bias = torch.full((1,), -2.0, requires_grad=True)
    optimiser = torch.optim.AdamW([change, bias], lr=LEARNING_RATE, weight_decay=0.0)
    positives = labels.nonzero()
    for _ in range(EPOCHS):
        negative = torch.randint(labels.shape[1], (len(positives), NEGATIVES), generator=draw)
        columns = torch.cat([positives[:, 1:], negative], dim=1)
        told = (texts + texts @ change)[positives[:, 0], None]
        logits = (told * values[columns]).sum(-1) * SCALE + bias
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels[positives[:, :1], columns])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        return ((tested + tested @ change) @ values.T * SCALE + bias).numpy()


def main(out: Path) -> None:
    """Write products, their split, the candidates and the matrices."""
    rng = seed_everything(SEED)
    folder = out / "data" / "synonyms-products"
    folder.mkdir(parents=True, exist_ok=True)
    made = products(rng)
    rows = [{"id": f"product-{n:03d}", "text": text, "values": values} for n, (text, values) in enumerate(made, 1)]
    candidates = sorted({value for _, values in made for value in values})
    of_validation, of_test = drawn(candidates, DRAWN, seed=0)
    of_rows = parts([values for _, values in made], of_validation, of_test)
    by_part = {name: [row for row, own in zip(rows, of_rows, strict=True) if own == name] for name in set(of_rows)}
    _lines(folder / "products.jsonl", rows)
    _lines(folder / "test.jsonl", by_part["test"])
    (folder / "values.json").write_text(json.dumps(candidates, indent=1) + "\n", encoding="utf-8")
    (folder / "test-values.json").write_text(json.dumps(of_test, indent=1) + "\n", encoding="utf-8")
    encoder = bi_encoder(
        model=str(out / "models" / "lm-synonyms"), pooling="mean", normalise=True, query_prefix="", document_prefix=""
    )
    told, tested = (
        torch.tensor(encoder.encode_queries([row["text"] for row in by_part[part]])) for part in ("train", "test")
    )
    named = torch.tensor(encoder.encode_documents([spoken(value) for value in candidates]))
    labels, gold = (
        np.array([[value in row["values"] for value in candidates] for row in by_part[part]])
        for part in ("train", "test")
    )
    for run in range(1, RUNS + 1):
        np.savez_compressed(
            folder / f"run-{run}.npz",
            scores=trained_scores(told, named, torch.tensor(labels, dtype=torch.float32), tested, run).astype(
                np.float32
            ),
            labels=gold.astype(np.int8),
            product_ids=np.array([row["id"] for row in by_part["test"]]),
            values=np.array(candidates),
        )
    write_card(
        folder,
        name="synonyms-products",
        summary="Products whose texts name one to four values, split so that five values have no training product.",
        recipe="python -m recipes.synonyms_products",
        seed=SEED,
        settings={
            "products": {part: len(own) for part, own in sorted(by_part.items())},
            "candidates": len(candidates),
            "drawn_for_validation_and_for_test": DRAWN,
            "seed_of_the_split": 0,
            "runs": RUNS,
            "epochs": EPOCHS,
            "learning_rate": LEARNING_RATE,
            "negatives_of_a_positive": NEGATIVES,
        },
        reached={},
        limits=[
            "Every value stands in the product's text, unlike in real catalogues.",
            "The score matrices are those of a bilinear link on frozen vectors, not of HyperPAVE's hypergraph.",
        ],
    )


def _lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
