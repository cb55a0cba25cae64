"""What text towers are fed: token rows, a learned prefix before the words, batches of texts of like length.

A prefix is rows of word embeddings. In a token row its i-th vector stands as id `vocabulary + i`:

    [BOS, w1, w2, EOS, pad, pad]  ->  [BOS, p1, p2, w1, w2, EOS]

Source of the prefix: Saito et al. 2023, arXiv:2206.01125, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zsbench.core import arrays
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, IntArray, np, torch
from zsbench.core.yamlio import shown

PrefixMode = Literal["caption", "label"]


@dataclass(frozen=True)
class Layout:
    """Where a tokenizer puts its own marks, read off the rows of two texts.

    Attributes
    ----------
    start : positions before the first word: 1 with a begin-of-text mark, else 0.
    end, pad : ids of the end-of-text mark and of the filling behind it (some tokenizers have one id for both).
    word : id of an ordinary word.
    tail : whether a mark stands at the very end of every row (a class token).
    """

    start: int
    end: int
    pad: int
    word: int
    tail: bool = False

    @classmethod
    def of(cls, tokenize: Callable[[list[str]], torch.Tensor]) -> Layout:
        """Return the layout of rows (n_texts, context) that `tokenize` makes."""
        empty, word = tokenize([""])[0].tolist(), tokenize(["a"])[0].tolist()
        start = int(empty[0] == word[0])
        # The last position may hold a class token, so that the filling is read one before it.
        return cls(start, empty[start], empty[-2], word[start], tail=empty[-1] != empty[-2])

    def lengths(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the number of positions (n_texts,) that marks and words take."""
        places = torch.arange(1, ids.shape[1] + 1, device=ids.device)
        last = ((ids != self.pad) * places).amax(dim=1)
        return (last + int(self.pad == self.end)).clamp(max=ids.shape[1])


class Prefix:
    """Learned vectors (n_vectors, width) that stand before the words of every text."""

    def __init__(self, vectors: torch.Tensor, embedding: torch.nn.Embedding) -> None:
        self.vectors = vectors.to(embedding.weight.device, embedding.weight.dtype)
        self._embedding, self.vocabulary = embedding, embedding.num_embeddings

    def insert(self, ids: torch.Tensor, layout: Layout) -> tuple[torch.Tensor, int]:
        """Return rows (n_texts, context) with the prefix in front of the words, and how many had to be cut.

        A cut row keeps its end-of-text mark, at the last position.
        """
        prefix = torch.arange(len(self.vectors), device=ids.device) + self.vocabulary
        parts = [ids[:, : layout.start], prefix.expand(len(ids), -1), ids[:, layout.start :]]
        longer = torch.cat(parts, dim=1)[:, : ids.shape[1]]
        cut = layout.lengths(ids) + len(prefix) > ids.shape[1]
        if len(prefix):
            longer[cut, -1] = layout.end
        return longer, int(cut.sum()) if len(prefix) else 0

    def words(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embeddings (..., width) of token ids, the prefix's own included."""
        embeddings: torch.Tensor = self._embedding(ids.clamp(max=self.vocabulary - 1))
        learned = ids >= self.vocabulary
        embeddings[learned] = self.vectors[ids[learned] - self.vocabulary].to(embeddings.dtype)
        return embeddings

    def stand_ins(self, ids: torch.Tensor, layout: Layout) -> torch.Tensor:
        """Return rows that a model accepts: the prefix's ids replaced by that of an ordinary word."""
        return ids.masked_fill(ids >= self.vocabulary, layout.word)


@contextmanager
def embedded(module: torch.nn.Module, words: torch.Tensor) -> Iterator[None]:
    """Let a model's own forward pass read `words` (n_texts, context, width) where it would look up token ids."""
    handle = module.register_forward_hook(lambda _module, _inputs, _output: words)
    try:
        yield
    finally:
        handle.remove()


def read_prefix(file: str, mode: PrefixMode, width: int, room: int) -> FloatArray:
    """Return the vectors (n_vectors, width) of a file: `.npy` of one prefix, or arrays named after the modes.

    Raises
    ------
    UserError
        Unreadable, no array for the mode, another width, or more vectors than fit beside a word.
    """
    path = Path(file)
    held = arrays.read(path)
    array = held[""] if set(held) == {""} else arrays.pick(held, mode, path)
    vectors = array[None] if array.ndim == 1 else array
    if vectors.ndim != 2 or vectors.shape[1] != width or vectors.dtype.kind not in "fiu":
        raise UserError(shown(path), f"{array.dtype} of shape {array.shape}", f"numbers of shape (vectors, {width})")
    if not np.isfinite(vectors).all():
        raise UserError(shown(path), "a vector is not finite", "finite numbers")
    if len(vectors) > room:
        raise UserError(shown(path), f"{len(vectors)} vectors", f"at most {room}, or no word of a text remains")
    return np.asarray(vectors, dtype=np.float32)


def truncated(ids: torch.Tensor, layout: Layout, again: Callable[[list[int]], torch.Tensor]) -> int:
    """Return how many texts lost words; `again` tokenises some of them with room for one more token."""
    candidates = torch.nonzero(layout.lengths(ids) >= ids.shape[1] - 1).flatten().tolist()
    if not candidates:
        return 0
    filled, wider = (rows != layout.pad for rows in (ids[candidates], again(candidates)))
    return int((wider.sum(dim=1) > filled.sum(dim=1)).sum())


def in_batches(
    encode: Callable[[IntArray], torch.Tensor], ids: torch.Tensor, lengths: torch.Tensor, budget: int
) -> FloatArray:
    """Return `encode` of all texts (n_texts, width), asked for row numbers of texts of like length at a time.

    Texts of one length stand next to those they share a beginning with. A batch holds at most `budget` positions,
    padding included, and is halved when the accelerator has no memory for it.
    """
    table, sizes = ids.cpu().numpy(), lengths.cpu().numpy()
    order = sorted(range(len(table)), key=lambda row: (sizes[row], table[row].tobytes()))
    waiting = list(_cut(np.array(order, dtype=np.int64), sizes, budget))
    batches: list[tuple[IntArray, FloatArray]] = []
    while waiting:
        rows = waiting.pop()
        try:
            batches.append((rows, encode(rows).float().cpu().numpy()))
        except RuntimeError as error:
            if type(error).__name__ != "OutOfMemoryError" or len(rows) == 1:
                raise
            waiting += [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
    result = np.empty((len(table), batches[0][1].shape[1]), dtype=np.float32)
    for rows, features in batches:
        result[rows] = features
    return result


def _cut(order: IntArray, sizes: IntArray, budget: int) -> Iterator[IntArray]:
    """Yield runs of `order`, whose sizes ascend, so that count times the largest size stays within the budget."""
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or (end + 1 - start) * int(sizes[order[end]]) > budget:
            yield order[start:end]
            start = end


def budget_for(device: str) -> int:
    """Return how many positions a batch may hold: more where they run side by side."""
    return 1 << 17 if device.startswith("cuda") else 1 << 15
