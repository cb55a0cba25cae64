"""Writing token by token and padding, shared by decoders and encoder-decoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.core.errors import RunError
from zsbench.core.lazy import DoubleArray, FloatArray, np, torch
from zsbench.core.records import Cost, digest

Step = Callable[["torch.Tensor | None"], "torch.Tensor"]
"""From the last tokens (n, 1), None at first, to the logits (n, vocabulary) of the next ones."""
Choice = Callable[["torch.Tensor"], "torch.Tensor"]
"""From logits (n, vocabulary) to the tokens (n, 1) that are written."""


def greedily(logits: torch.Tensor) -> torch.Tensor:
    """Return the most probable token of each row, (n, 1)."""
    return logits.argmax(dim=-1, keepdim=True)


def draw_seed(seed: int, item: str, draw: int) -> int:
    """Return the seed of one draw for an item, below 2^31, as endpoints want it."""
    return int(digest([str(seed), item, str(draw)])[:8], 16) >> 1


def drawn(temperature: float, seeds: Sequence[int], *, top_p: float = 1.0) -> Choice:
    """Return a choice that draws each row's token from softmax(logits / temperature) by a generator of its own.

    Below a `top_p` of 1 only the most probable tokens are drawn, as few as have that share together.

    Raises
    ------
    RunError
        When it is made: logits are NaN or infinite.
    """
    generators = [np.random.default_rng(seed) for seed in seeds]

    def choose(logits: torch.Tensor) -> torch.Tensor:
        scores = finite(logits.float()).astype(np.float64)
        weights = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
        shares = (weights if top_p >= 1 else _nucleus(weights, top_p)).cumsum(axis=-1)
        # The first token whose sum of shares is above a number between 0 and their total.
        places = [
            np.searchsorted(row, rng.random() * row[-1], side="right")
            for row, rng in zip(shares, generators, strict=True)
        ]
        tokens = np.minimum(places, shares.shape[-1] - 1)
        return torch.from_numpy(tokens)[:, None].to(logits.device)

    return choose


def _nucleus(weights: DoubleArray, top_p: float) -> DoubleArray:
    """Return weights (n, vocabulary) of which those outside the nucleus are 0; equal ones keep the earlier tokens."""
    order = np.argsort(-weights, axis=-1, kind="stable")
    ordered = np.take_along_axis(weights, order, axis=-1)
    before = ordered.cumsum(axis=-1) - ordered
    kept = np.where(before < top_p * ordered.sum(axis=-1, keepdims=True), ordered, 0.0)
    nucleus = np.zeros_like(weights)
    np.put_along_axis(nucleus, order, kept, axis=-1)
    return nucleus


def write(
    step: Step,
    n: int,
    *,
    choose: Choice = greedily,
    tokenizer: Any,
    ends: frozenset[int],
    max_new_tokens: int,
    stop: Sequence[str],
    cost: Cost,
) -> list[str]:
    """Return n texts written token by token, each until an end token, a stop text or `max_new_tokens`.

    The checkpoint's own penalties and temperatures play no part.

    Parameters
    ----------
    step : the forward passes of one batch of n prompts.
    choose : which token each of them goes on with.
    ends : tokens that end an answer; none of them is part of it.
    stop : texts that end an answer; it is cut before the first of them.
    cost : counts the tokens that are written.
    """
    written: list[list[int]] = [[] for _ in range(n)]
    texts = [""] * n
    open_rows = set(range(n))
    new: torch.Tensor | None = None
    for _ in range(max_new_tokens):
        new = choose(step(new))
        for row in sorted(open_rows):
            token = int(new[row, 0])
            cost.tokens_generated += 1
            if token in ends:
                open_rows.discard(row)
                continue
            written[row].append(token)
            if stop:
                texts[row] = _text(tokenizer, written[row])
                if first_stop(texts[row], stop) is not None:
                    open_rows.discard(row)
        if not open_rows:
            break
    texts = [_text(tokenizer, tokens) for tokens in written]
    return [text[: first_stop(text, stop)] for text in texts]


def first_stop(text: str, stop: Sequence[str]) -> int | None:
    """Return where the first of the stop texts begins in `text`, or None."""
    places = [text.find(word) for word in stop if word and word in text]
    return min(places) if places else None


def _text(tokenizer: Any, tokens: list[int]) -> str:
    text: str = tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Return the tokens that end an answer: the generation config's and the tokenizer's."""
    listed = getattr(model.generation_config, "eos_token_id", None)
    several = listed if isinstance(listed, list) else [listed]
    return frozenset(token for token in (*several, tokenizer.eos_token_id) if token is not None)


def logprobs(logits: torch.Tensor, tokens: Sequence[int]) -> FloatArray:
    """Return log p of each token under its row of `logits` (n_tokens, vocabulary)."""
    columns = torch.tensor(list(tokens), device=logits.device)[:, None]
    return finite(logits.log_softmax(dim=-1).gather(1, columns)[:, 0])


def finite(values: torch.Tensor) -> FloatArray:
    """Return the values as an array.

    Raises
    ------
    RunError
        One is NaN or infinite.
    """
    if not bool(torch.isfinite(values).all()):
        raise RunError("", "the model's logits are NaN or infinite", "another dtype (float32 or bfloat16)")
    array: FloatArray = values.cpu().numpy()
    return array


def pad(
    sequences: Sequence[Sequence[int]], fill: int, device: str, *, left: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return ids (n, longest) and their mask (n, longest), 1 on tokens; the mask is None where nothing is padded.

    Parameters
    ----------
    fill : the id that stands in padding.
    left : padding stands before the tokens, so that the last column holds every sequence's last token.
    """
    longest = max(len(sequence) for sequence in sequences)
    rows, masks = [], []
    for sequence in sequences:
        missing = longest - len(sequence)
        padding, ones = [fill] * missing, [1] * len(sequence)
        rows.append([*padding, *sequence] if left else [*sequence, *padding])
        masks.append([0] * missing + ones if left else ones + [0] * missing)
    ids = torch.tensor(rows, device=device)
    return ids, None if all(len(s) == longest for s in sequences) else torch.tensor(masks, device=device)
