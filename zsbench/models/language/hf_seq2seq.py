"""Encoder-decoder language models through transformers (T5, FLAN-T5, monoT5): scores of answers, and writing.

The prompt goes to the encoder; the decoder begins with its start token and `Prompt.answer`. These models have no
chat template: messages are joined by blank lines where a prompt has no text.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import Count, ModelRef, Revision
from zsbench.core.errors import UserError
from zsbench.core.lazy import torch
from zsbench.models import decoding, huggingface, positions, prompt_tokens, quantization, runtime
from zsbench.models.capabilities import LabelScorer, Prompt, TextGenerator, TextScorer, Tokenizer, TokenScorer
from zsbench.models.language import _answers
from zsbench.models.language._language_model import LanguageModel, Overflow, Tokens
from zsbench.models.quantization import Quantization


@declare(offers=(LabelScorer, TextScorer, TextGenerator, TokenScorer, Tokenizer), files=runtime.folder_files)
@companions(check=quantization.check)
def hf_seq2seq(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    quantization: Quantization | None = None,
    max_length: Count | None = None,
    on_overflow: Overflow = "error",
) -> HfSeq2Seq:
    """Load an encoder-decoder.

    Parameters
    ----------
    model : hub id or folder with config.json, weights and tokenizer files.
    revision : commit or tag on the hub.
    quantization : 8 or 4 bits through bitsandbytes, e.g. `{load_in_8bit: true}`.
    max_length : tokens of a prompt, end token included; None is as many as the model has positions for (T5: no limit).
    on_overflow : a longer prompt is an error, or loses its end and is counted.
    """
    checkpoint = huggingface.load(
        "AutoModelForSeq2SeqLM",
        model,
        revision=revision,
        quantised=quantization,
        options=(str(max_length), on_overflow),
    )
    if checkpoint.model.config.decoder_start_token_id is None:
        raise UserError(model, "the config has no decoder_start_token_id", "an encoder-decoder language model")
    return HfSeq2Seq(checkpoint, max_length, on_overflow)


class HfSeq2Seq(LanguageModel):
    """`TextScorer`, `TextGenerator` and `TokenScorer` over `AutoModelForSeq2SeqLM`."""

    converses = False

    def __init__(self, checkpoint: huggingface.Checkpoint, max_length: int | None, on_overflow: Overflow) -> None:
        super().__init__(checkpoint)
        config = self._model.config
        lengths = [n for n in (positions.count(self._model, config), max_length) if n is not None]
        self.max_tokens = min(lengths, default=None)
        if self.max_tokens is not None:
            positions.require_room(self.max_tokens, self._tokenizer, "max_length")
        self._on_overflow, self._start = on_overflow, config.decoder_start_token_id

    def _encode(self, prompt: Prompt, answers: Sequence[str], *, differ: bool = False, room: int = 0) -> Tokens:  # noqa: ARG002 - answers take no room in the encoder
        text = _encoded(prompt)
        self.cost.asked(f"{text}\n-> {prompt.answer}" if prompt.answer else text)
        ids: list[int] = self._tokenizer(text)["input_ids"]
        if prompt_tokens.overflows(len(ids), self.max_tokens, overflow=self._on_overflow, cost=self.cost):
            ids = self._tokenizer(text, truncation=True, max_length=self.max_tokens)["input_ids"]
        opening = [self._start, *self._tokenizer(prompt.answer, add_special_tokens=False)["input_ids"]]
        answer_ids = [prompt_tokens.continuation(self._tokenizer, prompt.answer, answer) for answer in answers]
        if differ:
            prefix, answer_ids = prompt_tokens.split_common_prefix(
                answer_ids, answers, unknown=self._tokenizer.unk_token_id
            )
            opening += prefix
        return Tokens(tuple(ids), tuple(opening), tuple(map(tuple, answer_ids)))

    def _n_tokens(self, prompt: Prompt, *, room: int) -> int:  # noqa: ARG002 - likewise
        return len(self._tokenizer(_encoded(prompt))["input_ids"])

    def _next_logits(self, batch: Sequence[Tokens]) -> torch.Tensor:
        logits = self._logits(batch, [tokens.opening for tokens in batch])
        last = torch.tensor([len(tokens.opening) - 1 for tokens in batch], device=self.device)
        return logits[torch.arange(len(batch), device=self.device), last]

    def _answer_logits(self, batch: Sequence[Tokens]) -> Sequence[torch.Tensor]:
        logits = self._logits(batch, [tokens.opening + tokens.answers[0][:-1] for tokens in batch])
        starts = [len(tokens.opening) - 1 for tokens in batch]
        return [
            row[start : start + len(tokens.answers[0])]
            for row, start, tokens in zip(logits, starts, batch, strict=True)
        ]

    def _logits(self, batch: Sequence[Tokens], decoder: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the float32 logits (n, longest decoder input, vocabulary) after each decoder token."""
        ids, mask = decoding.pad([tokens.prompt for tokens in batch], 0, self.device, left=False)
        # A causal decoder's tokens do not see the padding behind them.
        inputs, _ = decoding.pad(decoder, 0, self.device, left=False)
        self.cost.forward_passes += 1
        self.cost.tokens += sum(len(tokens.prompt) for tokens in batch) + sum(map(len, decoder))
        with torch.inference_mode():
            output = self._model(ids, attention_mask=mask, decoder_input_ids=inputs, use_cache=False)
        logits: torch.Tensor = output.logits.float()
        return logits

    def _rows_after(self, tokens: Tokens) -> _answers.Rows:
        from transformers.modeling_outputs import BaseModelOutput

        opening = tokens.opening
        with torch.inference_mode():
            encoded = self._model.get_encoder()(torch.tensor([tokens.prompt], device=self.device)).last_hidden_state
        self.cost.tokens += len(tokens.prompt)

        def logits_of_rows(rows: Sequence[_answers.Head]) -> torch.Tensor:
            inputs, _ = decoding.pad([[*opening, *row] for row in rows], 0, self.device, left=False)
            self.cost.forward_passes += 1
            self.cost.tokens += sum(len(opening) + len(row) for row in rows)
            states = BaseModelOutput(encoded.expand(len(rows), -1, -1))
            with torch.inference_mode():
                output = self._model(encoder_outputs=states, decoder_input_ids=inputs, use_cache=False)
            logits: torch.Tensor = output.logits[:, len(opening) - 1 :]
            return logits

        return logits_of_rows

    def _writer(self, batch: Sequence[Tokens]) -> decoding.Step:
        """Return the passes of prompts and then of one decoder token after another, keys and values kept."""
        from transformers import DynamicCache, EncoderDecoderCache

        ids, mask = decoding.pad([tokens.prompt for tokens in batch], 0, self.device, left=False)
        opening = torch.tensor([tokens.opening for tokens in batch], device=self.device)
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        name = "cache" if "cache" in inspect.signature(self._model.forward).parameters else "past_key_values"
        self.cost.tokens += sum(len(tokens.prompt) + len(tokens.opening) for tokens in batch)
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


def _encoded(prompt: Prompt) -> str:
    """Return what the encoder reads of a prompt."""
    return prompt.text or "\n\n".join(message["content"] for message in prompt.messages)
