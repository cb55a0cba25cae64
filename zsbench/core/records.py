"""The records that pass between the layers: items, task data, cost, scores, results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from zsbench.core.errors import UserError

SCHEMA_VERSION = 1


class Item(Protocol):
    """What a method may see of one thing to judge: never its gold."""

    @property
    def id(self) -> str:
        """The name by which predictions, gold and other runs find this item again."""


@dataclass
class Cost:
    """What a run asked of the model. Cached items cost nothing now and are counted apart."""

    forward_passes: int = 0
    images: int = 0
    images_cached: int = 0
    tokens: int = 0
    tokens_generated: int = 0
    comparisons: int = 0
    answers: int = 0
    """Texts that the model wrote and a method read as an order or a choice."""
    malformed_outputs: int = 0
    """How many of them were not what was asked for."""
    answers_unreadable: int = 0
    """How many of them said nothing at all."""
    answers_reused: int = 0
    """Answers of an endpoint that were paid for before; passes and tokens count them as if they were new."""
    answers_refused: int = 0
    """Answers that an endpoint or its model would not give."""
    answers_without_end: int = 0
    """Answers whose thoughts filled the limit of length."""
    answers_uncounted: int = 0
    """Answers of which an endpoint did not say how many tokens they took."""
    prompts_cut: int = 0
    """Prompts of which an endpoint read far fewer tokens than they have words."""
    labels_untold: int = 0
    """Labels that were not among the first tokens whose log-probabilities an endpoint told."""
    price: float = 0.0
    """What the tokens cost, in the currency of the model's `price`."""
    truncated_items: int = 0
    peak_memory_mb: float = 0.0
    first_prompt: str = field(default="", repr=False)
    """The first text that a language model read, word by word; no counter."""

    def as_dict(self) -> dict[str, float]:
        """Return the counters by name."""
        return {name: value for name, value in asdict(self).items() if name != "first_prompt"}

    def asked(self, prompt: str) -> None:
        """Keep a prompt that goes to the model, if it is the first one."""
        self.first_prompt = self.first_prompt or prompt

    def add(self, other: Cost) -> None:
        """Add the counters of another model that the run asked, or of one query; its first prompt may be the run's."""
        self.asked(other.first_prompt)
        for name, value in other.as_dict().items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class TaskData:
    """One benchmark in memory.

    Attributes
    ----------
    items : the inputs, in a fixed order; what a method sees.
    gold : the answers, aligned with `items`; what only metrics see.
    context : what belongs to the task rather than to an item (class names, label set).
    fingerprint : digest of inputs and gold; two results compare only when it agrees.
    counts : what was dropped, cut or missing on the way, by name.
    groups : the name of each item's group (a region, an income class), for metrics by group, where the data has any.
    clusters : the name of what each item comes from (an image, a document, a scene) where several items come from one,
        so that they are not independent: intervals and comparisons draw clusters as a whole. None: each item is alone.
    cost : what loading asked of a model, where a first stage has one.
    """

    items: Sequence[Any]
    gold: Sequence[Any]
    context: Any
    fingerprint: str
    counts: dict[str, int] = field(default_factory=dict)
    groups: Sequence[str] | None = None
    clusters: Sequence[str] | None = None
    cost: Cost = field(default_factory=Cost)

    def __post_init__(self) -> None:
        """Keep clusters where several items are of one alone: else each item is drawn by itself, as without them.

        Raises
        ------
        UserError
            There are more or fewer clusters than items.
        """
        if self.clusters is None:
            return
        if len(self.clusters) != len(self.items):
            found = f"{len(self.clusters)} clusters for {len(self.items)} items"
            raise UserError("", found, "a cluster for each item")
        if len(set(self.clusters)) == len(self.items):
            self.clusters = None


@dataclass(frozen=True)
class Score:
    """One metric of one run, 0-1 or in its unit, with its interval and the number of items behind it.

    `note` says what keeps the interval from covering the truth as often as it claims; mostly empty.
    """

    value: float
    low: float
    high: float
    unit: str
    n: int
    interval: str
    better: str = "higher"
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, in the order of the class, without an empty note."""
        return {name: value for name, value in asdict(self).items() if name != "note" or value}


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> str:
    """Return JSON whose bytes depend only on the value: sorted keys, no spaces, no NaN."""
    return _CANONICAL.encode(value)


class RunningDigest:
    """A 128-bit digest of a sequence that grows, of texts and byte strings, each set apart from the next."""

    def __init__(self) -> None:
        self._state = hashlib.blake2b(digest_size=16)

    def add(self, parts: Iterable[bytes | str]) -> str:
        """Return the digest of all parts so far, these included."""
        for part in parts:
            raw = part.encode(errors="surrogatepass") if isinstance(part, str) else part  # paths may not be UTF-8
            self._state.update(len(raw).to_bytes(8, "little"))
            self._state.update(raw)
        return self._state.hexdigest()


def digest(parts: Iterable[bytes | str]) -> str:
    """Return a 128-bit digest of a sequence of texts and byte strings, each set apart from the next."""
    return RunningDigest().add(parts)


def digest_file(path: Path) -> str:
    """Return the digest of a file's content, read in blocks."""
    state = hashlib.blake2b(digest_size=16)
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            state.update(block)
    return state.hexdigest()
