"""Learn two prefixes for a frozen clip-glyphs: one for captions, one for bare class prompts.

Batches come from one source at a time: captions with all their attributes, or prompts made of class names, of which
the second source knows only the digits and letters. A prefix is a single word embedding in front of the text.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from recipes import glyphs
from recipes.clip import TEMPLATES, Corpus, Judge, contrastive_loss, plans, truth
from recipes.common import CpuClock, arguments, seed_everything, write_card
from zsbench.data.images.parquet_images import parquet_images
from zsbench.methods.classification import normalise
from zsbench.methods.classification.prompt_ensemble import ensemble
from zsbench.models.image_text._text_tower import CausalTower
from zsbench.models.image_text.open_clip import open_clip

MODEL, NAME = "clip-glyphs", "clip-glyphs-prefix"
STEPS, BATCH, RATE = 400, 128, 3e-3


class Prefixed:
    """The frozen text tower with one more word embedding in front."""

    def __init__(self, network: Any) -> None:
        tower = CausalTower.of(network)
        assert tower is not None
        self.network, self.tower, self.table = network, tower, network.token_embedding.weight.detach()
        start = self.table.mean(dim=0)
        self.vectors = {mode: start.clone().requires_grad_() for mode in ("caption", "label")}

    def encode(self, mode: str, tokens: Tensor) -> Tensor:
        """Text features (n, width) of length 1 of token rows, read one position further on."""
        words = torch.cat([self.vectors[mode].expand(len(tokens), 1, -1), self.table[tokens[:, :-1]]], dim=1)
        pooled = (self.tower.pooled(tokens) + 1).clamp(max=tokens.shape[1] - 1)
        return F.normalize(self.tower.encode_embeddings(words, pooled), dim=-1)


@torch.no_grad()
def encode_images(network: Any, corpus: Corpus) -> Tensor:
    """Features (n, width) of length 1 of the whole corpus."""
    rows = np.arange(len(corpus.images))
    return torch.cat([network.encode_image(corpus.pixels(part), normalize=True) for part in np.array_split(rows, 20)])


def batch(mode: str, corpus: Corpus, rng: np.random.Generator) -> tuple[NDArray[np.int64], list[str], Tensor]:
    """Image numbers, texts and the matrix of which text is true of which image, from one source."""
    rows = np.arange(len(corpus.images))
    if mode == "label":
        rows = rows[corpus.attributes[:, 0] < glyphs.STROKED]
    chosen = rng.choice(rows, BATCH, replace=False)
    attributes = corpus.attributes[chosen]
    if mode == "caption":
        texts, named = glyphs.captions(attributes, rng)
        return chosen, texts, truth(attributes, named)
    texts = [TEMPLATES[rng.integers(len(TEMPLATES))].format(glyphs.CLASSES[concept]) for concept in attributes[:, 0]]
    return chosen, texts, torch.from_numpy(attributes[:, None, 0] == attributes[None, :, 0]).float()


def learn(network: Any, corpus: Corpus, rng: np.random.Generator, steps: int) -> Prefixed:
    """Return the tower with both prefixes learned; nothing else changes."""
    prefixed, images = Prefixed(network), encode_images(network, corpus)
    adam = torch.optim.AdamW(list(prefixed.vectors.values()), lr=RATE, weight_decay=0)
    scale = network.logit_scale.exp().detach()
    for step in range(steps):
        mode = ("caption", "label")[step % 2]
        chosen, texts, fits = batch(mode, corpus, rng)
        loss = contrastive_loss(scale * images[chosen] @ prefixed.encode(mode, corpus.tokens(texts)).T, fits)
        adam.zero_grad()
        loss.backward()
        adam.step()
        if (step + 1) % 100 == 0:
            print(f"{NAME}: step {step + 1}/{steps}, {mode}, loss {loss.item():.3f}", flush=True)
    return prefixed


def judge(out: Path) -> dict[str, float]:
    """Top-1 on the held-out glyphs without a prefix and with each of the two, as users get them."""
    path = str(out / "data" / "glyphs" / "test.parquet")
    images, found, features = parquet_images(path=path), {}, None
    prompts = [template.format(name) for name in glyphs.CLASSES for template in TEMPLATES]
    for mode in ("none", "caption", "label"):
        prefix = {"prefix": str(out / "models" / NAME / "prefix.safetensors"), "prefix_mode": mode}
        adapter = open_clip(model=str(out / "models" / MODEL), **(prefix if mode != "none" else {}))
        if features is None:
            features = normalise(adapter.encode_images([adapter.prepare(item.open()) for item in images.items]))
        weights = ensemble(adapter.encode_texts(prompts).reshape(len(glyphs.CLASSES), len(TEMPLATES), -1))
        found[mode] = round(float(((features @ weights.T).argmax(axis=1) == np.array(images.labels)).mean()), 4)
    return found


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    rng, clock = seed_everything(options.seed), CpuClock()
    plan = replace(plans(options.seed)[0], counts=np.full(len(glyphs.CLASSES), 10 if options.quick else 60))
    steps = 4 if options.quick else STEPS
    prefixed = learn(Judge(options.out / "models" / MODEL).model.requires_grad_(False), Corpus(plan, rng), rng, steps)
    seconds, folder = clock(), options.out / "models" / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    vectors = {mode: vector.detach()[None].clone() for mode, vector in prefixed.vectors.items()}
    save_file(vectors, folder / "prefix.safetensors")
    os.chmod(folder / "prefix.safetensors", 0o644)
    reached = judge(options.out)
    write_card(
        folder,
        name=NAME,
        summary="A learned word embedding each for captions and class prompts, to stand before clip-glyphs' texts.",
        recipe="python -m recipes.prefix",
        seed=options.seed,
        settings={"steps": steps, "batch": BATCH, "rate": RATE, "images": int(plan.counts.sum())},
        reached={"glyphs, top1": reached},
        limits=[
            "The towers stay frozen; the paper trains them together with the prefixes.",
            "The label source knows digits and letters only, so its prefix has never seen a shape.",
            "On these prompts the three ways differ by less than their intervals.",
        ],
        parameters=sum(vector.numel() for vector in vectors.values()),
        train_cpu_seconds=seconds,
    )
    print(f"{NAME}: {seconds:.0f} CPU s, reached {reached}", flush=True)


if __name__ == "__main__":
    main()
