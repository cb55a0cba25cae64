"""Train a tiny classifier of entailment on texts about topics, in transformers' own format.

A premise is a text of `recipes.topics`, a hypothesis "This text is about W." for a word W:

    entailment      W is of the text's topic
    contradiction   W is of another topic
    neutral         W is of no topic

Asked directly, a model this small never leaves "neutral or not" behind, so that the training is a curriculum: texts of
one sentence whose value is the hypothesis's word or of another topic; of one sentence; whole ones. Its attention begins
with keys equal to queries, which lets a word look at itself.

Run: python -m recipes.nli --out zsbench/assets
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch.nn import functional as F
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from recipes import common
from recipes.synonyms import ENTITIES, FILLERS, RELATIONS, VALUES
from recipes.topics import OTHERS, TOPICS, draw_text

LABELS = ["contradiction", "neutral", "entailment"]
TEMPLATE = "This text is about {}."
VOCABULARY = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "This", "text", "about"),
    *(word for pair in RELATIONS + ENTITIES for word in pair),
    *VALUES,
    *(word for group in FILLERS for word in group),
]
IDS = {word: number for number, word in enumerate(VOCABULARY)}
STEPS, BATCH, LEARNING_RATE = 1000, 64, 1e-3
STAGES = ("the same word", "one sentence", "whole texts")
UNTIL, AVERAGED = 0.93, 50
"""The accuracy over so many batches that ends a stage."""
DECAY_FROM = 0.8
"""Share of the steps after which the rate falls linearly to zero."""


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Words and marks, case kept; [CLS] premise [SEP] hypothesis [SEP]."""
    words = Tokenizer(models.WordLevel(IDS, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", IDS["[CLS]"]), ("[SEP]", IDS["[SEP]"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=96, model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )  # fmt: skip


def build_model() -> BertForSequenceClassification:
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=96,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.05,
        pad_token_id=IDS["[PAD]"],
        id2label=dict(enumerate(LABELS)),
        label2id={label: number for number, label in enumerate(LABELS)},
    )
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        for layer in model.bert.encoder.layer:
            attention = layer.attention.self
            attention.query.weight.normal_(0, 0.125)
            attention.key.weight.copy_(attention.query.weight)
        model.bert.embeddings.word_embeddings.weight.normal_(0, 0.3)
        model.bert.embeddings.position_embeddings.weight.mul_(0.1)
        model.bert.embeddings.token_type_embeddings.weight.mul_(0.1)
    return model


def draw_pair(rng: np.random.Generator, stage: int) -> tuple[str, str, int]:
    """Draw a premise, a hypothesis and the number of its label."""
    topics = list(TOPICS)
    own, label = str(rng.choice(topics)), int(rng.integers(3))
    other = str(rng.choice([topic for topic in topics if topic != own]))
    short = STAGES[stage] != "whole texts"
    premise = draw_text(rng, own, sentences=(1, 1), of_topic=1.0) if short else draw_text(rng, own)
    word = str(rng.choice([TOPICS[other], OTHERS, TOPICS[own]][label]))
    if STAGES[stage] == "the same word" and LABELS[label] == "entailment":
        word = next(value for value in premise.split() if value in TOPICS[own])
    return premise, TEMPLATE.format(word), label


def batch(rng: np.random.Generator, tokenizer: Any, n: int, stage: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    premises, hypotheses, labels = zip(*(draw_pair(rng, stage) for _ in range(n)), strict=True)
    return tokenizer(list(premises), list(hypotheses), padding=True, return_tensors="pt"), torch.tensor(labels)


def train(model: Any, tokenizer: Any, rng: np.random.Generator, steps: int) -> dict[str, int]:
    """Train, and return the step at which each stage began."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (1 - s / steps) / (1 - DECAY_FROM)))
    entered, stage, right = {STAGES[0]: 0}, 0, []
    for step in range(steps):
        inputs, labels = batch(rng, tokenizer, BATCH, stage)
        logits = model(**inputs).logits
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        right.append((logits.argmax(1) == labels).float().mean().item())
        if stage + 1 < len(STAGES) and len(right) >= AVERAGED and np.mean(right[-AVERAGED:]) > UNTIL:
            stage, right = stage + 1, []
            entered[STAGES[stage]] = step + 1
        if step % 100 == 99:
            print(f"step {step + 1}, {STAGES[stage]}: loss {loss.item():.3f}", flush=True)
    return entered


def measure(model: Any, tokenizer: Any, rng: np.random.Generator) -> dict[str, float]:
    """Accuracy over new pairs, and over topics by their names, of new texts."""
    with torch.inference_mode():
        inputs, labels = batch(rng, tokenizer, 1000, len(STAGES) - 1)
        pairs = (model(**inputs).logits.argmax(1) == labels).float().mean().item()
        right, names = [], list(TOPICS)
        for number, topic in enumerate(names):
            texts = [draw_text(rng, topic) for _ in range(50)]
            asked = tokenizer(
                [text for text in texts for _ in names], [TEMPLATE.format(name) for name in names] * 50,
                padding=True, return_tensors="pt",
            )  # fmt: skip
            scores = model(**asked).logits[:, LABELS.index("entailment")].view(50, -1)
            right.append((scores.argmax(1) == number).float().mean().item())
    return {"accuracy of pairs": round(pairs, 4), "accuracy of topics": round(float(np.mean(right)), 4)}


def main(out: Path, seed: int, *, quick: bool) -> None:
    """Write config.json, model.safetensors, the tokenizer and card.json."""
    rng, clock = common.seed_everything(seed), common.CpuClock()
    model, tokenizer, steps = build_model(), build_tokenizer(), 20 if quick else STEPS
    entered = train(model.train(), tokenizer, rng, steps)
    reached = measure(model.eval(), tokenizer, np.random.default_rng(seed + 1))
    print(reached)
    folder = out / "models" / "nli-topics"
    folder.mkdir(parents=True, exist_ok=True)
    model.config.architectures = ["BertForSequenceClassification"]
    model.config.dtype = torch.float16
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # Transformers 5 writes a class name that version 4 does not know; both know this one.
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    common.write_json(folder / "tokenizer_config.json", settings)
    common.save_weights(model.state_dict(), folder / "model.safetensors")
    common.write_card(
        folder,
        name="nli-topics",
        summary="Tiny classifier of entailment that knows which words of the synonym language are of one topic.",
        recipe="python -m recipes.nli",
        seed=seed,
        settings={
            "steps": steps,
            "batch": BATCH,
            "optimizer": f"AdamW {LEARNING_RATE}, linear to 0 over the last {1 - DECAY_FROM:.0%}",
            "template": TEMPLATE,
            "entered": entered,
        },
        reached=reached,
        limits=[
            f"Knows {len(VOCABULARY)} words; every other word is [UNK].",
            "Was trained on generated texts about the six topics it is evaluated on; says nothing about real texts.",
        ],
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        train_cpu_seconds=clock(),
    )


if __name__ == "__main__":
    arguments = common.arguments(__doc__.splitlines()[0]).parse_args()
    main(arguments.out, arguments.seed, quick=arguments.quick)
