"""Encoder-decoder language models through transformers (T5, FLAN-T5, monoT5): scores of answers, and writing.

The prompt goes to the encoder; the decoder begins with its start token and `Prompt.answer`. These models have no
chat template: messages are joined by blank lines where a prompt has no text.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import Count, ModelRef, Revision
from zsbench.core.batching import map_by_length
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np, torch
from zsbench.core.records import Cost
from zsbench.models import decoding, huggingface, positions, prompt_tokens, runtime
from zsbench.models.capabilities import Prompt, TextGenerator, TextScorer, Tokenizer, TokenScorer
from zsbench.models.huggingface import Quantization
from zsbench.models.language import _answers


@declare(offers=(TextScorer, TextGenerator, TokenScorer, Tokenizer), files=runtime.folder_files)
@companions(check=huggingface.check_quantization)
def hf_seq2seq(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    quantization: Quantization | None = None,
    max_length: Count | None = None,
    on_overflow: Literal["error", "truncate"] = "error",
) -> HfSeq2Seq:
    """Load an encoder-decoder.

    Parameters
    ----------
    model : hub id or folder with config.json, safetensors weights and tokenizer files.
    revision : commit or tag on the hub.
    quantization : 8 or 4 bits through bitsandbytes, e.g. `{load_in_8bit: true}`.
    max_length : tokens of a prompt, end token included; None is as many as the model has positions for (T5: no limit).
    on_overflow : a longer prompt is an error, or loses its end and is counted.
    """
    return HfSeq2Seq(
        model, revision=revision, quantization=quantization, max_length=max_length, on_overflow=on_overflow
    )


@dataclass(frozen=True)
class _Asked:
    """Encoder tokens of a prompt, decoder tokens before the answer, and the tokens of each answer."""

    ids: tuple[int, ...]
    opening: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]


class HfSeq2Seq(runtime.Network):
    """`TextScorer`, `TextGenerator` and `TokenScorer` over `AutoModelForSeq2SeqLM`."""

    converses = False

    def __init__(
        self,
        reference: str,
        *,
        revision: str | None = None,
        quantization: Quantization | None = None,
        max_length: int | None = None,
        on_overflow: Literal["error", "truncate"] = "error",
    ) -> None:
        self.cost = Cost()
        loaded = huggingface.load(
            "AutoModelForSeq2SeqLM",
            reference,
            revision=revision,
            quantization=quantization,
            options=(str(max_length), on_overflow),
        )
        self._model, self._tokenizer = loaded.model, loaded.tokenizer
        self.device, self.dtype, self.fingerprint = loaded.device, loaded.dtype, loaded.fingerprint
        own = positions.count(self._model, self._model.config)
        self.max_tokens = own if max_length is None else max_length if own is None else min(own, max_length)
        if self.max_tokens is not None:
            positions.require_room(self.max_tokens, self._tokenizer, "max_length")
        self._on_overflow = on_overflow
        self._start = self._model.config.decoder_start_token_id
        if self._start is None:
            raise UserError(reference, "the config has no decoder_start_token_id", "an encoder-decoder language model")

    def tokenize(self, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and their character offsets in `text`."""
        return prompt_tokens.tokenize(self._tokenizer, text, special=special)

    def label_logits(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> FloatArray:
        """Return (n_prompts, n_labels): the logit of each label's first token right after the decoder's opening.

        Tokens that all labels begin with go to the opening, so that the first that differs counts.
        """

        def run(batch: Sequence[_Asked]) -> FloatArray:
            wanted = torch.tensor([[label[0] for label in one.answers] for one in batch], device=self.device)
            logits = self._logits(batch, [one.opening for one in batch])
            last = torch.tensor([len(one.opening) - 1 for one in batch], device=self.device)
            ahead = logits[torch.arange(len(batch), device=self.device), last]
            return decoding.finite(ahead.gather(1, wanted))

        found: FloatArray = self._map(run, [self._ask(prompt, labels, decide=True) for prompt in prompts])
        return found

    def target_logprobs(self, prompts: Sequence[Prompt], targets: Sequence[str]) -> list[FloatArray]:
        """Return for each prompt the log-probability of every token of its target, (n_target_tokens,)."""

        def run(batch: Sequence[_Asked]) -> Any:
            logits = self._logits(batch, [one.opening + one.answers[0][:-1] for one in batch])
            found = np.empty(len(batch), dtype=object)
            for row, one in enumerate(batch):
                first = len(one.opening) - 1
                found[row] = decoding.logprobs(logits[row, first : first + len(one.answers[0])], one.answers[0])
            return found

        asked = [self._ask(prompt, [target]) for prompt, target in zip(prompts, targets, strict=True)]
        return list(self._map(run, asked))

    def generate(self, prompts: Sequence[Prompt], *, max_new_tokens: int, stop: Sequence[str] = ()) -> list[str]:
        """Return the greedy continuation of each prompt's opening, without it and without the stop text."""
        ends = decoding.end_tokens(self._model, self._tokenizer)

        def run(batch: Sequence[_Asked]) -> Any:
            found = np.empty(len(batch), dtype=object)
            # Openings of one length go together, so that no decoder position is padding.
            for size in {len(one.opening) for one in batch}:
                rows = [row for row, one in enumerate(batch) if len(one.opening) == size]
                found[rows] = decoding.greedy(
                    self._step([batch[row] for row in rows]),
                    len(rows),
                    tokenizer=self._tokenizer,
                    ends=ends,
                    max_new_tokens=max_new_tokens,
                    stop=stop,
                    cost=self.cost,
                )
            return found

        return list(self._map(run, [self._ask(prompt, ()) for prompt in prompts]))

    def answer_tokens(self, text: str, *, end: bool) -> list[int]:
        """Return the tokens of an answer by itself; `end` adds the end token."""
        return prompt_tokens.answer(self._tokenizer, text, end=end)

    def next_logprobs(
        self, prompt: Prompt, heads: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]
    ) -> list[FloatArray]:
        """Return for each head the log-probabilities of the tokens wanted after it, over the whole vocabulary."""
        from transformers.modeling_outputs import BaseModelOutput

        asked = self._ask(prompt, ())
        with torch.inference_mode():
            encoded = self._model.get_encoder()(torch.tensor([asked.ids], device=self.device)).last_hidden_state
        self.cost.tokens += len(asked.ids)

        def run(rows: Sequence[_answers.Head]) -> torch.Tensor:
            inputs, _ = decoding.pad([[*asked.opening, *row] for row in rows], 0, self.device, left=False)
            self.cost.forward_passes += 1
            self.cost.tokens += sum(len(asked.opening) + len(row) for row in rows)
            states = BaseModelOutput(encoded.expand(len(rows), -1, -1))
            with torch.inference_mode():
                output = self._model(encoder_outputs=states, decoder_input_ids=inputs, use_cache=False)
            logits: torch.Tensor = output.logits[:, len(asked.opening) - 1 :]
            return logits

        return _answers.next_logprobs(run, heads, wanted, before=len(asked.opening))

    def _map(self, run: Callable[[Sequence[_Asked]], Any], asked: Sequence[_Asked]) -> Any:
        return map_by_length(run, asked, [len(one.ids) for one in asked], runtime.runtime_batch_size())

    def _ask(self, prompt: Prompt, answers: Sequence[str], *, decide: bool = False) -> _Asked:
        text = prompt.text or "\n\n".join(message["content"] for message in prompt.messages)
        self.cost.asked(f"{text}\n-> {prompt.answer}" if prompt.answer else text)
        ids: list[int] = self._tokenizer(text)["input_ids"]
        if huggingface.overflows(len(ids), self.max_tokens, overflow=self._on_overflow, cost=self.cost):
            ids = self._tokenizer(text, truncation=True, max_length=self.max_tokens)["input_ids"]
        opening = [self._start, *(self._tokenizer(prompt.answer, add_special_tokens=False)["input_ids"])]
        found = [prompt_tokens.continuation(self._tokenizer, prompt.answer, answer) for answer in answers]
        shared: list[int] = []
        if decide:
            shared, found = prompt_tokens.told_apart(found, answers, unknown=self._tokenizer.unk_token_id)
        return _Asked(tuple(ids), (*opening, *shared), tuple(map(tuple, found)))

    def _logits(self, batch: Sequence[_Asked], decoder: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the float32 logits (n, longest decoder input, vocabulary) after each decoder token."""
        ids, mask = decoding.pad([one.ids for one in batch], 0, self.device, left=False)
        # Padding behind a causal decoder's tokens is never seen by them.
        inputs, _ = decoding.pad(decoder, 0, self.device, left=False)
        self.cost.forward_passes += 1
        self.cost.tokens += sum(len(one.ids) for one in batch) + sum(len(own) for own in decoder)
        with torch.inference_mode():
            output = self._model(ids, attention_mask=mask, decoder_input_ids=inputs, use_cache=False)
        found: torch.Tensor = output.logits.float()
        return found

    def _step(self, batch: Sequence[_Asked]) -> decoding.Step:
        """Return what reads the prompts, then one decoder token after another, keeping keys and values."""
        from transformers import DynamicCache, EncoderDecoderCache

        ids, mask = decoding.pad([one.ids for one in batch], 0, self.device, left=False)
        opening = torch.tensor([one.opening for one in batch], device=self.device)
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        name = "cache" if "cache" in inspect.signature(self._model.forward).parameters else "past_key_values"
        self.cost.tokens += sum(len(one.ids) + len(one.opening) for one in batch)
        with torch.inference_mode():
            encoded = self._model.get_encoder()(ids, attention_mask=mask)

        def step(new: torch.Tensor | None) -> torch.Tensor:
            self.cost.forward_passes += 1
            with torch.inference_mode():
                logits: torch.Tensor = self._model(
                    encoder_outputs=encoded,
                    attention_mask=mask,
                    decoder_input_ids=opening if new is None else new,
                    use_cache=True,
                    **{name: cache},
                ).logits[:, -1]
            return logits

        return step
