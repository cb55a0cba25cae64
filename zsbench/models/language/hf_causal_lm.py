"""Decoder language models through transformers: hub ids and local folders, any architecture.

Code from the hub runs only when the YAML says `trust_remote_code: true`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import LocalPath, ModelRef, Revision, Text
from zsbench.core import textfiles
from zsbench.core.errors import RunError, UserError, shown
from zsbench.core.lazy import torch
from zsbench.core.records import canonical_json
from zsbench.models import chat_templates, decoding, huggingface, prompt_tokens, quantization, runtime
from zsbench.models.capabilities import CausalLM, LabelScorer, Prompt, TextGenerator, TextScorer, Tokenizer, TokenScorer
from zsbench.models.language import _answers
from zsbench.models.language._decoder import Decoder
from zsbench.models.language._language_model import LanguageModel, Overflow, Tokens
from zsbench.models.quantization import Quantization


def _files(options: dict[str, Any]) -> list[str]:
    template = options.get("chat_template")
    return runtime.folder_files(options) + ([str(template)] if template else [])


def _check(options: dict[str, Any]) -> None:
    quantization.check(options)
    template = str(options.get("chat_template") or "")
    # A path behind a variable that is not set, or to no file, is reported where files are looked for.
    if template and Path(template).is_file():
        chat_templates.require_template(Path(template))
    chat_templates.require_variables(options.get("chat_options") or {})


@declare(offers=(CausalLM, LabelScorer, TextScorer, TextGenerator, TokenScorer, Tokenizer), files=_files)
@companions(check=_check)
def hf_causal_lm(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    trust_remote_code: bool = False,
    quantization: Quantization | None = None,
    chat_template: LocalPath | None = None,
    chat_options: dict[Text, bool | Text] = {},  # noqa: B006 - never changed
    on_overflow: Overflow = "error",
) -> HfCausalLM:
    """Load a decoder.

    Parameters
    ----------
    model : hub id or folder with config.json, weights and tokenizer files.
    revision : commit or tag on the hub.
    trust_remote_code : run the modelling code that comes with the weights.
    quantization : 8 or 4 bits through bitsandbytes, e.g. `{load_in_4bit: true}`.
    chat_template : Jinja file instead of the tokenizer's own template.
    chat_options : what the template asks for, e.g. `{enable_thinking: false}`.
    on_overflow : a prompt longer than the model reads is an error, or loses its start and is counted.
    """
    template = textfiles.read(Path(chat_template)) if chat_template else None
    checkpoint = huggingface.load(
        "AutoModelForCausalLM",
        model,
        revision=revision,
        trust_remote_code=trust_remote_code,
        quantised=quantization,
        attention="eager",
        options=(template or "", canonical_json(chat_options), on_overflow),
    )
    if chat_template:
        checkpoint.tokenizer.chat_template = template
        _try_template(checkpoint.tokenizer, Path(chat_template), chat_options)
    unread = chat_templates.unread_variable(checkpoint.tokenizer, chat_options)
    if unread is not None:
        state = "does not read it" if checkpoint.tokenizer.chat_template else "is not there"
        found = f"chat_options: '{unread}', and the chat template {state}"
        raise UserError(model, found, "what the template asks for")
    return HfCausalLM(checkpoint, chat_options, on_overflow)


def _try_template(tokenizer: Any, path: Path, options: Mapping[str, Any]) -> None:
    """Refuse a chat template of the user's that fails on the shortest conversation.

    Raises
    ------
    UserError
        At the file.
    """
    chat_templates.require_template(path)
    try:
        chat_templates.chat(tokenizer, [{"role": "user", "content": "?"}], options)
    except UserError as error:
        raise UserError(shown(path), error.found, error.expected or "a template of conversations") from error


class HfCausalLM(LanguageModel, Decoder):
    """`CausalLM`, `TextScorer`, `TextGenerator` and `TokenScorer` over `AutoModelForCausalLM`."""

    def __init__(
        self, checkpoint: huggingface.Checkpoint, chat_options: Mapping[str, bool | str], on_overflow: Overflow
    ) -> None:
        super().__init__(checkpoint)
        self._chat_options, self._on_overflow = chat_options, on_overflow

    @property
    def converses(self) -> bool:
        """Whether the tokenizer has a chat template."""
        return bool(self._tokenizer.chat_template)

    def chat(self, messages: Sequence[dict[str, str]]) -> str:
        """Return the prompt of a conversation by the chat template, with the special tokens that it writes."""
        return chat_templates.chat(self._tokenizer, messages, self._chat_options)

    def tokenize(self, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and their character offsets; `special` sees to it that BOS stands in front, once."""
        return prompt_tokens.opened(self._tokenizer, text) if special else super().tokenize(text, special=False)

    def _encode(self, prompt: Prompt, answers: Sequence[str], *, differ: bool = False, room: int = 0) -> Tokens:
        text = prompt_tokens.as_text(self._tokenizer, prompt, self._chat_options)
        self.cost.asked(text)
        ids, _ = prompt_tokens.opened(self._tokenizer, text)
        answer_ids = [prompt_tokens.continuation(self._tokenizer, text, answer) for answer in answers]
        if differ:
            prefix, answer_ids = prompt_tokens.split_common_prefix(
                answer_ids, answers, unknown=self._tokenizer.unk_token_id
            )
            ids = ids + prefix
        elif answer_ids:
            room = len(answer_ids[0])
        n_tokens = len(ids) + room
        if prompt_tokens.overflows(n_tokens, self.max_tokens, overflow=self._on_overflow, cost=self.cost):
            ids = ids[n_tokens - (self.max_tokens or 0) :]
        if not ids:
            raise RunError("", "a prompt without tokens", "a prompt that is not empty, and room for it in the model")
        return Tokens(tuple(ids), answers=tuple(map(tuple, answer_ids)))

    def _n_tokens(self, prompt: Prompt, *, room: int) -> int:
        text = prompt_tokens.as_text(self._tokenizer, prompt, self._chat_options)
        return len(prompt_tokens.opened(self._tokenizer, text)[0]) + room

    def _next_logits(self, batch: Sequence[Tokens]) -> torch.Tensor:
        return self._logits([tokens.prompt for tokens in batch], 1)[:, -1]

    def _answer_logits(self, batch: Sequence[Tokens]) -> Sequence[torch.Tensor]:
        answers = [tokens.answers[0] for tokens in batch]
        sequences = [tokens.prompt + answer for tokens, answer in zip(batch, answers, strict=True)]
        logits = self._logits(sequences, 1 + max(map(len, answers)))
        return [row[-len(answer) - 1 : -1] for row, answer in zip(logits, answers, strict=True)]

    def _writer(self, batch: Sequence[Tokens]) -> decoding.Step:
        return self._step([tokens.prompt for tokens in batch])

    def _rows_after(self, tokens: Tokens) -> _answers.Rows:
        return self._branches(tokens.prompt)
