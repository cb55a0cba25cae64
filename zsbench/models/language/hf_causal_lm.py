"""Decoder language models through transformers: hub ids and local folders, any architecture.

Weights come from safetensors only; code from the hub runs only when the YAML says `trust_remote_code: true`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import model as declare
from zsbench.config.options import LocalPath, ModelRef, Revision, Text
from zsbench.core import textfiles
from zsbench.core.batching import map_by_length
from zsbench.core.errors import RunError, UserError, shown
from zsbench.core.lazy import FloatArray, np, torch
from zsbench.core.records import canonical_json
from zsbench.models import decoding, huggingface, prompt_tokens, runtime
from zsbench.models.capabilities import CausalLM, Prompt, TextGenerator, TextScorer, Tokenizer, TokenScorer
from zsbench.models.huggingface import Quantization
from zsbench.models.language import _answers
from zsbench.models.language._decoder import Decoder


def _files(options: dict[str, Any]) -> list[str]:
    template = options.get("chat_template")
    return runtime.folder_files(options) + ([str(template)] if template else [])


def _check(options: dict[str, Any]) -> None:
    huggingface.check_quantization(options)
    template = str(options.get("chat_template") or "")
    # What lies behind a variable that is not set, or is not there at all, is told where files are looked for.
    if template and Path(template).is_file():
        prompt_tokens.require_template(Path(template))
    taken = next((name for name in options.get("chat_options") or {} if name in prompt_tokens.OWN_OPTIONS), None)
    if taken is not None:
        raise UserError("chat_options", f"'{taken}', which is no variable of templates", "what the template asks for")


@declare(offers=(CausalLM, TextScorer, TextGenerator, TokenScorer, Tokenizer), files=_files)
@companions(check=_check)
def hf_causal_lm(
    *,
    model: ModelRef,
    revision: Revision | None = None,
    trust_remote_code: bool = False,
    quantization: Quantization | None = None,
    chat_template: LocalPath | None = None,
    chat_options: dict[Text, bool | Text] = {},  # noqa: B006 - never changed
    on_overflow: Literal["error", "truncate"] = "error",
) -> HfCausalLM:
    """Load a decoder.

    Parameters
    ----------
    model : hub id or folder with config.json, safetensors weights and tokenizer files.
    revision : commit or tag on the hub.
    trust_remote_code : run the modelling code that comes with the weights.
    quantization : 8 or 4 bits through bitsandbytes, e.g. `{load_in_4bit: true}`.
    chat_template : Jinja file instead of the tokenizer's own template.
    chat_options : what the template asks for, e.g. `{enable_thinking: false}`.
    on_overflow : a prompt longer than the model reads is an error, or loses its start and is counted.
    """
    found = HfCausalLM(
        model,
        revision=revision,
        trust_remote_code=trust_remote_code,
        quantization=quantization,
        chat_template=textfiles.read(Path(chat_template)) if chat_template else None,
        chat_options=chat_options,
        on_overflow=on_overflow,
    )
    if chat_template:
        _try(found, Path(chat_template))
    unread = [name for name in chat_options if not found.reads(name)]
    if unread:
        what = "does not read it" if found.converses else "is not there"
        raise UserError(
            model, f"chat_options: '{unread[0]}', and the chat template {what}", "what the template asks for"
        )
    return found


def _try(model: HfCausalLM, template: Path) -> None:
    """Refuse a chat template of the user's that fails on the shortest conversation.

    Raises
    ------
    UserError
        Names the file.
    """
    prompt_tokens.require_template(template)
    try:
        model.chat([{"role": "user", "content": "?"}])
    except UserError as error:
        raise UserError(shown(template), error.found, "a template of conversations") from error


@dataclass(frozen=True)
class _Asked:
    """A prompt's tokens and the tokens of each answer as it goes on after the prompt."""

    ids: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]


class HfCausalLM(Decoder):
    """`CausalLM`, `TextScorer`, `TextGenerator` and `TokenScorer` over `AutoModelForCausalLM`."""

    def __init__(
        self,
        reference: str,
        *,
        revision: str | None = None,
        trust_remote_code: bool = False,
        quantization: Quantization | None = None,
        chat_template: str | None = None,
        chat_options: dict[str, bool | str] | None = None,
        on_overflow: Literal["error", "truncate"] = "error",
    ) -> None:
        loaded = huggingface.load(
            "AutoModelForCausalLM",
            reference,
            revision=revision,
            trust_remote_code=trust_remote_code,
            quantization=quantization,
            attention="eager",
            options=(chat_template or "", canonical_json(chat_options or {}), on_overflow),
        )
        super().__init__(loaded.model, loaded.device)
        self._tokenizer, self.dtype, self.fingerprint = loaded.tokenizer, loaded.dtype, loaded.fingerprint
        if chat_template is not None:
            self._tokenizer.chat_template = chat_template
        self._chat_options, self._on_overflow = chat_options or {}, on_overflow

    @property
    def converses(self) -> bool:
        """Whether the tokenizer has a chat template."""
        return bool(self._tokenizer.chat_template)

    def reads(self, name: str) -> bool:
        """Return whether the chat template names a variable."""
        return re.search(rf"\b{re.escape(name)}\b", str(self._tokenizer.chat_template or "")) is not None

    def chat(self, messages: Sequence[dict[str, str]]) -> str:
        """Return the prompt of a conversation by the chat template, special tokens included."""
        return prompt_tokens.chat(self._tokenizer, messages, self._chat_options)

    def tokenize(self, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and their character offsets in `text`."""
        return prompt_tokens.tokenize(self._tokenizer, text, special=special)

    def label_logits(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> FloatArray:
        """Return (n_prompts, n_labels): the logit of each label's first token right after each prompt.

        Tokens that all labels begin with (a space of its own) go to the prompt, so that the first that differs counts.
        """
        asked = [self._ask(prompt, labels, decide=True) for prompt in prompts]

        def run(batch: Sequence[_Asked]) -> FloatArray:
            wanted = torch.tensor([[label[0] for label in one.answers] for one in batch], device=self.device)
            return decoding.finite(self._logits([one.ids for one in batch], 1)[:, -1].gather(1, wanted))

        found: FloatArray = map_by_length(run, asked, [len(o.ids) for o in asked], runtime.runtime_batch_size())
        return found

    def target_logprobs(self, prompts: Sequence[Prompt], targets: Sequence[str]) -> list[FloatArray]:
        """Return for each prompt the log-probability of every token of its target, (n_target_tokens,)."""
        asked = [self._ask(prompt, [target]) for prompt, target in zip(prompts, targets, strict=True)]

        def run(batch: Sequence[_Asked]) -> Any:
            answers = [one.answers[0] for one in batch]
            logits = self._logits(
                [one.ids + own for one, own in zip(batch, answers, strict=True)], 1 + max(len(own) for own in answers)
            )
            found = np.empty(len(batch), dtype=object)
            for row, own in enumerate(answers):
                found[row] = decoding.logprobs(logits[row, -len(own) - 1 : -1], own)
            return found

        lengths = [len(one.ids) + len(one.answers[0]) for one in asked]
        return list(map_by_length(run, asked, lengths, runtime.runtime_batch_size()))

    def answer_tokens(self, text: str, *, end: bool) -> list[int]:
        """Return the tokens of an answer by itself; `end` adds the end token."""
        return prompt_tokens.answer(self._tokenizer, text, end=end)

    def next_logprobs(
        self, prompt: Prompt, heads: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]
    ) -> list[FloatArray]:
        """Return for each head the log-probabilities of the tokens wanted after it, over the whole vocabulary."""
        ids = self._ask(prompt, (), room=max(len(head) for head in heads)).ids
        return _answers.next_logprobs(self._branches(ids), heads, wanted, before=len(ids))

    def generate(self, prompts: Sequence[Prompt], *, max_new_tokens: int, stop: Sequence[str] = ()) -> list[str]:
        """Return the greedy continuation of each prompt, without the prompt and without the stop text."""
        asked = [self._ask(prompt, (), room=max_new_tokens - 1).ids for prompt in prompts]
        ends = decoding.end_tokens(self._model, self._tokenizer)

        def run(batch: Sequence[tuple[int, ...]]) -> Any:
            texts = decoding.greedy(
                self._step(batch),
                len(batch),
                tokenizer=self._tokenizer,
                ends=ends,
                max_new_tokens=max_new_tokens,
                stop=stop,
                cost=self.cost,
            )
            return np.array(texts, dtype=object)

        lengths = [len(ids) + max_new_tokens for ids in asked]
        return list(map_by_length(run, asked, lengths, runtime.runtime_batch_size()))

    def _ask(self, prompt: Prompt, answers: Sequence[str], *, decide: bool = False, room: int = 0) -> _Asked:
        """Return a prompt's tokens, with room for what is read after them, and those of the answers."""
        text, special = prompt_tokens.written(self._tokenizer, prompt, self._chat_options)
        self.cost.asked(text)
        ids: list[int] = self._tokenizer(text, add_special_tokens=special)["input_ids"]
        found = [prompt_tokens.continuation(self._tokenizer, text, answer) for answer in answers]
        if decide:
            shared, found = prompt_tokens.told_apart(found, answers, unknown=self._tokenizer.unk_token_id)
            ids = ids + shared
        elif found:
            room = len(found[0])
        if huggingface.overflows(len(ids) + room, self.max_tokens, overflow=self._on_overflow, cost=self.cost):
            ids = ids[len(ids) + room - (self.max_tokens or 0) :]
        if not ids:
            raise RunError("", "a prompt without tokens", "a prompt that is not empty, and room for it in the model")
        return _Asked(tuple(ids), tuple(map(tuple, found)))
