"""A small zero-shot span tagger: words and labels share one embedding, spans are scored against labels."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

FORMAT = "zsbench-span-scorer"
PAD, CAPITAL, LOWER, NUMBER, MARK = SPECIAL = ("[PAD]", "[CAPITAL]", "[LOWER]", "[NUMBER]", "[MARK]")


class Block(nn.Module):
    """One pre-norm transformer layer whose attention never looks at padding."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.feed_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project_in, self.project_out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, states: Tensor, keep: Tensor) -> Tensor:
        """Return states (rows, words, width) after attention among the words where `keep` (rows, words) is true."""
        rows, words, width = states.shape
        query, key, value = (
            part.view(rows, words, self.heads, width // self.heads).transpose(1, 2)
            for part in self.project_in(self.attention_norm(states)).chunk(3, dim=-1)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=keep[:, None, None, :])
        states = states + self.project_out(mixed.transpose(1, 2).reshape(rows, words, width))
        output: Tensor = states + self.feed(self.feed_norm(states))
        return output


class SpanScorer(nn.Module):
    """Logits for every span of up to `max_width` words and every label name.

    Parameters
    ----------
    config : Mapping[str, Any]
        `width`, `heads`, `layers` (sentence encoder), `label_layers`, `max_width` (words of a span) and
        `max_words` (words of a sentence).
    vocabulary : Mapping[str, int]
        Lower-case word -> id, with the five special entries of `SPECIAL`.
    """

    def __init__(self, config: Mapping[str, Any], vocabulary: Mapping[str, int]) -> None:
        super().__init__()
        self.config, self.vocabulary = dict(config), dict(vocabulary)
        self.max_width, self.max_words = int(config["max_width"]), int(config["max_words"])
        width, heads = int(config["width"]), int(config["heads"])
        self.words = nn.Embedding(len(vocabulary), width)
        self.places = nn.Embedding(self.max_words, width)
        self.widths = nn.Embedding(self.max_width, width)
        self.sentence_blocks = nn.ModuleList(Block(width, heads) for _ in range(int(config["layers"])))
        self.label_blocks = nn.ModuleList(Block(width, heads) for _ in range(int(config["label_layers"])))
        self.span = nn.Sequential(nn.Linear(2 * width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.bias = nn.Parameter(torch.zeros(()))
        for table in (self.words, self.places, self.widths):
            # The numbers are small, so that a few mentions can move a rare word.
            nn.init.normal_(table.weight, std=0.3)

    @classmethod
    def from_folder(cls, folder: str | Path) -> SpanScorer:
        """Read config, vocabulary and weights; a file that does not fit is a ValueError that names it."""
        folder = Path(folder)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config.get("format") != FORMAT:
            raise ValueError(f"{folder / 'config.json'}: format is {config.get('format')!r}, expected {FORMAT!r}")
        vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        if missing := [word for word in SPECIAL if word not in vocabulary]:
            raise ValueError(f"{folder / 'vocab.json'}: no entry for {', '.join(missing)}")
        if sorted(vocabulary.values()) != list(range(len(vocabulary))):
            raise ValueError(f"{folder / 'vocab.json'}: ids are not 0 to {len(vocabulary) - 1}, each once")
        try:
            model = cls(config, vocabulary)
        except KeyError as error:
            raise ValueError(f"{folder / 'config.json'}: no entry for {error}") from error
        model.load_state_dict(fitting_weights(model, folder / "model.safetensors"))
        return model.eval()

    def word_id(self, word: str) -> int:
        """Return the id of a word; a word outside the vocabulary keeps only its shape."""
        known = self.vocabulary.get(word.lower())
        if known is not None:
            return known
        if any(char.isdigit() for char in word):
            return self.vocabulary[NUMBER]
        if not any(char.isalpha() for char in word):
            return self.vocabulary[MARK]
        return self.vocabulary[CAPITAL if word[0].isupper() else LOWER]

    def padded(self, rows: Sequence[Sequence[str]], what: str) -> tuple[Tensor, Tensor]:
        """Return ids (rows, longest) and a mask that is true on words; rows that cannot be read are a ValueError."""
        longest = max((len(row) for row in rows), default=0)
        if longest > self.max_words:
            number = next(index for index, row in enumerate(rows) if len(row) > self.max_words)
            n_words = len(rows[number])
            raise ValueError(f"{what} {number} has {n_words} words; this model reads at most {self.max_words}")
        ids = torch.full((len(rows), max(longest, 1)), self.vocabulary[PAD])
        keep = torch.zeros(ids.shape, dtype=torch.bool)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor([self.word_id(word) for word in row], dtype=torch.long)
            keep[index, : len(row)] = True
        device = self.words.weight.device
        return ids.to(device), keep.to(device)

    def encode_sentences(self, ids: Tensor, keep: Tensor) -> Tensor:
        """Return contextual word states (sentences, words, width)."""
        places = torch.arange(ids.shape[1], device=ids.device)
        if self.training:
            # Sentences start anywhere, so that late positions are learnt from short sentences too.
            places = places + int(torch.randint(self.max_words - ids.shape[1] + 1, ()))
        states: Tensor = self.words(ids) + self.places(places)
        # A sentence without words attends to its padding, since attention over nothing is not a number.
        attend = keep | ~keep.any(1, keepdim=True)
        for block in self.sentence_blocks:
            states = block(states, attend)
        return states

    def encode_labels(self, labels: Sequence[str]) -> Tensor:
        """Return one vector a label, (labels, width); labels do not see each other, so their order cannot matter."""
        rows = [label.split() for label in labels]
        if empty := [index for index, row in enumerate(rows) if not row]:
            raise ValueError(f"label {empty[0]} is empty")
        ids, keep = self.padded(rows, "label")
        embedded: Tensor = self.words(ids)
        states = embedded + self.places.weight[: ids.shape[1]]
        for block in self.label_blocks:
            states = block(states, keep)
        share = keep / keep.sum(1, keepdim=True)
        # The plain mean of the word embeddings lets a new label match the same word in a sentence.
        return torch.einsum("lwd,lw->ld", states + embedded, share)

    def forward(self, sentences: Sequence[Sequence[str]], labels: Sequence[str]) -> Tensor:
        """Return logits (sentences, words, max_width, labels): entry [s, i, w] is the span of words i to i + w.

        Spans that leave their sentence are -inf; the sentences of a batch do not influence each other.
        """
        ids, keep = self.padded(sentences, "sentence")
        states = self.encode_sentences(ids, keep)
        start = torch.arange(ids.shape[1], device=ids.device)[:, None]
        end = start + torch.arange(self.max_width, device=ids.device)  # (words, max_width)
        inside = end < keep.sum(1)[:, None, None]
        last = states[:, end.clamp(max=ids.shape[1] - 1)]
        first = states[:, :, None].expand_as(last)
        span = self.span(torch.cat([first, last], -1)) + first + last + self.widths.weight
        logits = span @ self.encode_labels(labels).T / math.sqrt(span.shape[-1]) + self.bias
        masked: Tensor = logits.masked_fill(~inside[..., None], -math.inf)
        return masked

    @torch.inference_mode()
    def score(self, sentences: Sequence[Sequence[str]], labels: Sequence[str]) -> Tensor:
        """Return what `forward` does, without gradients."""
        logits: Tensor = self(sentences, labels)
        return logits


def fitting_weights(model: nn.Module, file: Path) -> dict[str, Tensor]:
    """Return a file's tensors as float32, after checking that names and shapes are the model's."""
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    weights: dict[str, Tensor] = load_file(str(file))
    for name in sorted(wanted.keys() | weights.keys()):
        if name not in weights:
            raise ValueError(f"{file}: weight {name!r} is missing")
        if name not in wanted:
            raise ValueError(f"{file}: weight {name!r} is not part of the model in config.json")
        if tuple(weights[name].shape) != wanted[name]:
            shape = tuple(weights[name].shape)
            raise ValueError(f"{file}: weight {name!r} has shape {shape}, config.json asks for {wanted[name]}")
    return {name: tensor.float() for name, tensor in weights.items()}
