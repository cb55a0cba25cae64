"""A transformers decoder in tokens: logits of padded batches, step by step, and attention read off the pass."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from zsbench.core.errors import RunError
from zsbench.core.lazy import FloatArray, torch
from zsbench.models import decoding, huggingface, positions, prompt_tokens
from zsbench.models.language import _answers, _attention

# Tokens of a long prefix that are encoded at once where attention needs a mask (or keeps whole maps).
CHUNK = 4096


class Decoder(huggingface.Adapter):
    """Logits and attention of a decoder from token ids; adapters add the text.

    Padding stands on the left, is masked, and takes no position, so that it changes nothing. A recurrent decoder reads
    it all the same: there only sequences of one length share a batch, and nothing is read in parts, since what a state
    keeps of a prefix differs with the architecture.
    """

    def __init__(self, checkpoint: huggingface.Checkpoint) -> None:
        super().__init__(checkpoint)
        model = self._model
        self._watched = _attention.switch(model)
        self._n_attending: int | None = None
        self._recurrent = any(getattr(module, "_is_stateful", False) for module in model.modules())
        self._takes = inspect.signature(model.forward).parameters
        self.max_tokens = positions.count(model, model.config.get_text_config())
        self._first = positions.first(model)

    def next_token_logits(self, ids: Sequence[int]) -> FloatArray:
        """Return the float32 logits (vocabulary,) of the token after `ids`."""
        logits: FloatArray = self._logits([ids], 1)[0, -1].cpu().numpy()
        return logits

    def attention_mass(
        self, prefix: Sequence[int], tails: Sequence[Sequence[int]], *, n_layers: int | None = None
    ) -> list[FloatArray]:
        """Return for each tail the mean attention of its tokens, (layers, heads, prefix + tail tokens)."""
        longest = len(prefix) + max(len(tail) for tail in tails)
        if self.max_tokens is not None and longest > self.max_tokens:
            raise prompt_tokens.too_long(longest, self.max_tokens)
        self.cost.forward_passes += 1 + len(tails)
        self.cost.tokens += len(prefix) + sum(len(tail) for tail in tails)
        with torch.inference_mode():
            if self._recurrent:
                return [self._rows_alone(prefix, tail, n_layers) for tail in tails]
            cache = self._read(prefix, n_layers)
            return [self._rows(tail, _attention.forked(cache), len(prefix), n_layers) for tail in tails]

    def _read(self, prefix: Sequence[int], n_layers: int | None) -> Any:
        """Return the keys and values of tokens, as far as what follows them needs."""
        cache = self._cache()
        # Fused causal attention is linear in memory by itself; in parts it would need masks that are not.
        masked = not self._watched or any(getattr(layer, "is_sliding", False) for layer in cache.layers)
        size = CHUNK if masked else max(1, len(prefix))
        for start in range(0, len(prefix), size):
            self._watch(prefix[start : start + size], cache, record=False, n_layers=n_layers)
        return cache

    def _rows(self, tail: Sequence[int], cache: Any, n_before: int, n_layers: int | None) -> FloatArray:
        """Return the rows of a tail that goes on from the keys and values of its prefix."""
        return self._stacked(self._watch(tail, cache, record=True, n_layers=n_layers), n_before + len(tail))

    def _rows_alone(self, prefix: Sequence[int], tail: Sequence[int], n_layers: int | None) -> FloatArray:
        """Return the rows of a tail that is read with its prefix in one go."""
        tokens = [*prefix, *tail]
        return self._stacked(self._watch(tokens, None, record=True, n_layers=n_layers, last=len(tail)), len(tokens))

    def _stacked(self, layers: Sequence[torch.Tensor], n_tokens: int) -> FloatArray:
        """Return rows (heads, keys) of all layers as one array (layers, heads, n_tokens).

        Layers with a sliding window keep only the last keys; the tokens that they cannot see have no mass.
        """
        if not layers:
            raise RunError("", f"{type(self._model).__name__} does not report attention", "another decoder")
        padded = [torch.nn.functional.pad(layer, (n_tokens - layer.shape[-1], 0)) for layer in layers]
        rows: FloatArray = torch.stack(padded).cpu().numpy()
        return rows

    def _watch(
        self, tokens: Sequence[int], cache: Any, *, record: bool, n_layers: int | None, last: int | None = None
    ) -> Sequence[torch.Tensor]:
        """Run tokens through the layers in use and return, if recorded, mean rows (heads, keys) by layer.

        The mean is over the last tokens, or over all of them.
        """
        ids = torch.tensor([list(tokens)], device=self.device)
        if not self._watched:
            maps = [m for m in self._forward(ids, None, cache, attentions=record).attentions or () if m is not None]
            return [layer[0, :, -(last or 0) :].float().mean(dim=1) for layer in maps[:n_layers]]
        # Nothing after the last layer's attention is of use; how many layers attend is known after one whole pass.
        watch = _attention.Watch(record, self._n_attending if n_layers is None else n_layers, last)
        with _attention.watching(watch):
            self._forward(ids, None, cache)
            self._n_attending = watch.seen
        return watch.layers

    def _logits(self, sequences: Sequence[Sequence[int]], keep: int) -> torch.Tensor:
        """Return the float32 logits (n, at least `keep`, vocabulary) after the last tokens of each sequence."""
        longest = max(len(sequence) for sequence in sequences)
        if self.max_tokens is not None and longest > self.max_tokens:
            raise prompt_tokens.too_long(longest, self.max_tokens)
        self.cost.tokens += sum(len(sequence) for sequence in sequences)
        by_sequence = torch.zeros(0)
        for rows in self._batches(sequences):
            ids, mask = decoding.pad([sequences[row] for row in rows], 0, self.device, left=True)
            self.cost.forward_passes += 1
            with torch.inference_mode():
                logits: torch.Tensor = self._forward(ids, mask, None, keep=keep).logits[:, -keep:].float()
            if len(rows) == len(sequences):
                return logits
            if not len(by_sequence):
                by_sequence = logits.new_zeros(len(sequences), keep, logits.shape[-1])
            by_sequence[rows, -logits.shape[1] :] = logits
        return by_sequence

    def _batches(self, sequences: Sequence[Sequence[int]]) -> list[list[int]]:
        """Return which sequences may share a batch: all, or to a recurrent decoder those of one length."""
        by_length: dict[int, list[int]] = {}
        for row, sequence in enumerate(sequences):
            by_length.setdefault(len(sequence) if self._recurrent else 0, []).append(row)
        return list(by_length.values())

    def _step(self, sequences: Sequence[Sequence[int]]) -> decoding.Step:
        """Return the forward passes of prompts and then of one token after another, keys and values kept."""
        if self._recurrent:
            return self._step_alone(sequences)
        ids, mask = decoding.pad(sequences, 0, self.device, left=True)
        cache = self._cache()
        self.cost.tokens += sum(len(sequence) for sequence in sequences)

        def step(new: torch.Tensor | None) -> torch.Tensor:
            nonlocal ids, mask
            self.cost.forward_passes += 1
            if new is not None:
                ids, mask = new, None if mask is None else torch.cat([mask, torch.ones_like(new)], dim=1)
            with torch.inference_mode():
                logits: torch.Tensor = self._forward(ids, mask, cache).logits[:, -1]
            return logits

        return step

    def _step_alone(self, sequences: Sequence[Sequence[int]]) -> decoding.Step:
        """Return forward passes that read the prompts again with every token."""
        rows = [list(sequence) for sequence in sequences]

        def step(new: torch.Tensor | None) -> torch.Tensor:
            if new is not None:
                rows[:] = [[*row, token] for row, token in zip(rows, new[:, 0].tolist(), strict=True)]
            return self._logits(rows, 1)[:, -1]

        return step

    def _branches(self, ids: Sequence[int]) -> _answers.Rows:
        """Return the forward pass of rows of tokens after `ids`, which are read once and shared by all rows."""
        # A recurrent decoder reads the whole prompt again with every row.
        before, last = ((), tuple(ids)) if self._recurrent else (ids[:-1], ids[-1:])
        self.cost.forward_passes += bool(before)
        self.cost.tokens += len(before)
        with torch.inference_mode():
            cache = None if self._recurrent else self._read(before, None)

        def run(rows: Sequence[_answers.Head]) -> torch.Tensor:
            # A causal decoder's tokens do not see the padding behind them.
            inputs, _ = decoding.pad([[*last, *row] for row in rows], 0, self.device, left=False)
            self.cost.forward_passes += 1
            self.cost.tokens += sum(len(last) + len(row) for row in rows)
            row_cache = None if self._recurrent else _attention.forked(cache)
            if row_cache is not None:
                row_cache.batch_repeat_interleave(len(rows))
            with torch.inference_mode():
                logits: torch.Tensor = self._forward(inputs, None, row_cache, keep=inputs.shape[1]).logits
            return logits[:, len(last) - 1 :]

        return run

    def _cache(self) -> Any:
        from transformers import DynamicCache

        return DynamicCache(config=self._model.config)

    def _forward(
        self, ids: torch.Tensor, mask: torch.Tensor | None, cache: Any, *, keep: int = 1, attentions: bool = False
    ) -> Any:
        name = "cache" if "cache" in self._takes else "past_key_values"
        options: dict[str, Any] = {"use_cache": cache is not None}
        if cache is not None:
            options[name] = cache
        if "logits_to_keep" in self._takes:
            options["logits_to_keep"] = keep
        if mask is not None:
            options["attention_mask"] = mask
            if "position_ids" in self._takes:
                options["position_ids"] = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :] + self._first
        if attentions:
            options["output_attentions"] = True
        return self._model(ids, **options)
