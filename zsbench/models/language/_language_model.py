"""What decoders and encoder-decoders answer alike: logits of labels, log-probabilities of targets, greedy texts.

An adapter says how a prompt becomes tokens and what its forward passes give; batches, labels that begin alike and the
ends of texts are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zsbench.core.batching import map_by_length
from zsbench.core.lazy import FloatArray, np, torch
from zsbench.models import decoding, huggingface, prompt_tokens, runtime
from zsbench.models.capabilities import Prompt, Sampling
from zsbench.models.language import _answers
from zsbench.models.thinking import final_answer

Overflow = Literal["error", "truncate"]
"""What happens to a prompt that is longer than the model reads."""


@dataclass(frozen=True)
class Tokens:
    """A prompt in tokens, and the tokens of each answer as it goes on after the prompt.

    Attributes
    ----------
    prompt : what a decoder goes on from, or what an encoder reads.
    opening : what stands before the answer in a decoder of its own; empty where the prompt itself goes on.
    answers : tokens of each answer.
    """

    prompt: tuple[int, ...]
    opening: tuple[int, ...] = ()
    answers: tuple[tuple[int, ...], ...] = ()


class LanguageModel(huggingface.Adapter):
    """`TextScorer`, `TextGenerator` and `TokenScorer` of a network; a subclass adds the methods that raise here."""

    def tokenize(self, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and their character offsets in `text`."""
        return prompt_tokens.tokenize(self._tokenizer, text, special=special)

    def label_logits(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> FloatArray:
        """Return (n_prompts, n_labels): the logit of each label's first token right after each prompt.

        Tokens that all labels begin with (a space of its own) go to the prompt, so that the first that differs counts.
        """

        def first_logits(batch: Sequence[Tokens]) -> FloatArray:
            first = torch.tensor([[ids[0] for ids in tokens.answers] for tokens in batch], device=self.device)
            return decoding.finite(self._next_logits(batch).gather(1, first))

        asked = [self._encode(prompt, labels, differ=True) for prompt in prompts]
        logits: FloatArray = self._by_length(first_logits, asked)
        return logits

    def target_logprobs(self, prompts: Sequence[Prompt], targets: Sequence[str]) -> list[FloatArray]:
        """Return for each prompt the log-probability of every token of its target, (n_target_tokens,)."""

        def logprobs(batch: Sequence[Tokens]) -> Any:
            rows = np.empty(len(batch), dtype=object)
            for row, (tokens, logits) in enumerate(zip(batch, self._answer_logits(batch), strict=True)):
                rows[row] = decoding.logprobs(logits, tokens.answers[0])
            return rows

        asked = [self._encode(prompt, [target]) for prompt, target in zip(prompts, targets, strict=True)]
        return list(self._by_length(logprobs, asked, [len(tokens.answers[0]) for tokens in asked]))

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        """Return the continuation of each prompt, without the prompt, the stop text and the model's thoughts."""
        ends = decoding.end_tokens(self._model, self._tokenizer)

        def texts(batch: Sequence[tuple[Tokens, int]]) -> Any:
            written = np.empty(len(batch), dtype=object)
            # Openings of one length go together, so that no decoder position is padding.
            for size in {len(tokens.opening) for tokens, _ in batch}:
                rows = [row for row, (tokens, _) in enumerate(batch) if len(tokens.opening) == size]
                seeds = [batch[row][1] for row in rows]
                written[rows] = decoding.write(
                    self._writer([batch[row][0] for row in rows]),
                    len(rows),
                    choose=decoding.drawn(sampling.temperature, seeds, top_p=sampling.top_p)
                    if sampling
                    else decoding.greedily,
                    tokenizer=self._tokenizer,
                    ends=ends,
                    max_new_tokens=max_new_tokens,
                    stop=stop,
                    cost=self.cost,
                )
            return written

        asked = [self._encode(prompt, (), room=max_new_tokens - 1) for prompt in prompts]
        # A prompt that is asked with two seeds is two questions.
        questions = list(zip(asked, sampling.seeds if sampling else [0] * len(asked), strict=True))
        lengths = self._lengths(asked, [max_new_tokens] * len(asked))
        written = map_by_length(texts, questions, lengths, runtime.runtime_batch_size())
        finals = [final_answer(text) for text in written]
        self.cost.answers_without_end += finals.count(None)
        return [final or "" for final in finals]

    def fits(self, prompt: Prompt, *, max_new_tokens: int) -> bool:
        """Say whether the model reads a prompt whole and has room for so many tokens after it."""
        limit: int | None = getattr(self, "max_tokens", None)
        return limit is None or self._n_tokens(prompt, room=max_new_tokens - 1) <= limit

    def answer_tokens(self, text: str, *, end: bool) -> list[int]:
        """Return the tokens of an answer by itself; `end` adds the end token."""
        return prompt_tokens.answer(self._tokenizer, text, end=end)

    def next_logprobs(
        self, prompt: Prompt, heads: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]
    ) -> list[FloatArray]:
        """Return for each head the log-probabilities of the tokens wanted after it, over the whole vocabulary."""
        tokens = self._encode(prompt, (), room=max(len(head) for head in heads))
        before = len(tokens.opening or tokens.prompt)
        return _answers.next_logprobs(self._rows_after(tokens), heads, wanted, before=before)

    def _by_length(
        self, function: Callable[[Sequence[Tokens]], Any], asked: Sequence[Tokens], n_more: Sequence[int] = ()
    ) -> Any:
        """Return `function` of batches of prompts of like length; `n_more` tokens are read or written after each."""
        return map_by_length(function, asked, self._lengths(asked, n_more), runtime.runtime_batch_size())

    @staticmethod
    def _lengths(asked: Sequence[Tokens], n_more: Sequence[int]) -> list[int]:
        """Return the length of each prompt, in a decoder with the tokens after it."""
        lengths = [len(tokens.prompt) for tokens in asked]
        if n_more and not asked[0].opening:
            lengths = [length + more for length, more in zip(lengths, n_more, strict=True)]
        return lengths

    def _encode(self, prompt: Prompt, answers: Sequence[str], *, differ: bool = False, room: int = 0) -> Tokens:
        """Return the tokens of a prompt and its answers.

        Parameters
        ----------
        differ : the answers are compared by their first tokens; those that all begin with go to the prompt.
        room : tokens that are read after the prompt beside those of the answers.
        """
        raise NotImplementedError

    def _n_tokens(self, prompt: Prompt, *, room: int) -> int:
        """Return how many tokens a prompt takes of those that the model reads, `room` for what is written included."""
        raise NotImplementedError

    def _next_logits(self, batch: Sequence[Tokens]) -> torch.Tensor:
        """Return float32 logits (n, vocabulary) of the token after each prompt."""
        raise NotImplementedError

    def _answer_logits(self, batch: Sequence[Tokens]) -> Sequence[torch.Tensor]:
        """Return for each prompt float32 logits (n_answer_tokens, vocabulary), those that its first answer meets."""
        raise NotImplementedError

    def _writer(self, batch: Sequence[Tokens]) -> decoding.Step:
        """Return the forward passes that go on from prompts whose openings have one length."""
        raise NotImplementedError

    def _rows_after(self, tokens: Tokens) -> _answers.Rows:
        """Return the forward pass of rows of answer tokens that all go on from one prompt."""
        raise NotImplementedError
