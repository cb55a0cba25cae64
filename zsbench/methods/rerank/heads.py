"""Which attention heads tell relevant passages from others: two scores, and the file that keeps a choice.

With a[h, d] the attention mass of head h on passage d (mean over query tokens, sum over passage tokens):

    contrastive    S[h] = mean over queries and relevant d+ of exp(a[h, d+] / T) / sum over d in {d+, irrelevant}
    query-focused  S[h] = mean over queries of the sum over relevant d of a[h, d] - a0[h, d]      (a0: query "N/A")

Source: `contrastive`: Tran et al. 2025, arXiv:2510.02219, section 3; `query-focused`: Zhang et al. 2025 (EMNLP),
arXiv:2506.09944, section 3, with the calibration of its retriever.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from zsbench.config.components import Strict
from zsbench.core import jsonfiles
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.yamlio import shown
from zsbench.data.collections.documents import RankItem
from zsbench.methods.rerank._icr import Reader

Rule = Literal["contrastive", "query-focused"]


class HeadFile(Strict):
    """A choice of heads and where it comes from, as `zsbench heads` writes it."""

    schema_version: Literal[1] = 1
    heads: list[list[int]]
    """[layer, head] pairs, best first."""
    rule: Rule
    task: str
    model: str
    model_fingerprint: str
    data_fingerprint: str
    queries: dict[str, str]
    """The labelled queries behind the choice, by id."""
    options: dict[str, Any]
    scores: list[list[float]]
    """The score of every head, (layers, heads)."""

    def warning(self, model: Any, items: Sequence[RankItem]) -> str:
        """Return what speaks against using the choice here, or an empty text."""
        asked = set(self.queries.values())
        again = [item.id for item in items if item.query in asked]
        reasons = []
        if again:
            reasons.append(f"{len(again)} test queries are among those that chose the heads ({', '.join(again[:5])})")
        if model.fingerprint != self.model_fingerprint:
            reasons.append(f"the heads were chosen with other weights or precision ({self.model})")
        return "; ".join(reasons)


def read(path: str) -> HeadFile:
    """Return a file written by `zsbench heads`.

    Raises
    ------
    UserError
        No such file, or not of that kind.
    """
    expected = "a file written by `zsbench heads`"
    try:
        return HeadFile.model_validate(jsonfiles.read(Path(path), expected, wrong="no head file"))
    except ValidationError as error:
        raise UserError(shown(Path(path)), f"no head file ({error.errors()[0]['msg']})", expected) from None


@dataclass(frozen=True)
class Selection:
    """Which heads count: some layers, some [layer, head] pairs, or all."""

    layers: tuple[int, ...] | None = None
    heads: tuple[tuple[int, int], ...] | None = None

    @property
    def n_layers(self) -> int | None:
        """How many layers have to run; None is all of them."""
        if self.heads is not None:
            return max(layer for layer, _ in self.heads) + 1
        return None if self.layers is None else max(self.layers) + 1

    def total(self, mass: DoubleArray) -> DoubleArray:
        """Return the sum over the selected heads of attention (layers, heads, tokens).

        Raises
        ------
        RunError
            The model has no such layer or head.
        """
        try:
            if self.heads is not None:
                layers, heads = zip(*self.heads, strict=True)
                return np.asarray(mass[list(layers), list(heads)].sum(axis=0))
            own = mass if self.layers is None else mass[list(self.layers)]
            return np.asarray(own.sum(axis=(0, 1)))
        except IndexError:
            found = f"a layer or head that the model does not have (it reports {mass.shape[0]} x {mass.shape[1]})"
            raise RunError("", found, "layers and heads counted from 0") from None


def select(layers: list[int] | str | None, heads: list[list[int]] | None) -> Selection:
    """Return the selection that options name; a range such as "8-15" includes both ends.

    Raises
    ------
    UserError
        Both are given, one is empty, negative or no range.
    """
    if layers is not None and heads is not None:
        raise UserError("layers", "both `layers` and `heads`", "one of them")
    if isinstance(layers, str):
        first, dash, last = layers.partition("-")
        if not (dash and first.strip().isdigit() and last.strip().isdigit() and int(first) <= int(last)):
            raise UserError("layers", f"'{layers}'", "a range such as 8-15, or a list of layers")
        layers = list(range(int(first), int(last) + 1))
    if layers is not None and (not layers or min(layers) < 0):
        raise UserError("layers", f"{layers}", "layers counted from 0")
    if heads is not None and (not heads or any(len(pair) != 2 or min(pair) < 0 for pair in heads)):
        raise UserError("heads", f"{heads}", "[layer, head] pairs counted from 0, or a file of `zsbench heads`")
    pairs = None if heads is None else tuple((pair[0], pair[1]) for pair in heads)
    return Selection(None if layers is None else tuple(layers), pairs)


def score(
    model: Any,
    items: Sequence[RankItem],
    gold: Sequence[dict[str, int]],
    reader: Reader,
    *,
    rule: Rule,
    temperature: float = 0.1,
) -> DoubleArray:
    """Return the score of every head, (layers, heads), over labelled queries.

    Parameters
    ----------
    items, gold : queries with candidates, and their grades by document id; each has relevant and other candidates.
    temperature : of the contrastive softmax; the paper's is 0.1 or 0.001, by model.
    """
    parts = []
    for item, grades in zip(items, gold, strict=True):
        texts = reader.fitted(model, [reader.passage(d) for d in item.documents], item.query)
        attended = reader.read(model, texts, item.query, n_layers=None)
        relevant = np.array([grades.get(d.id, 0) > 0 for d in item.documents])
        asked = np.stack([attention.asked.sum(axis=-1) for attention in attended], axis=-1)
        if rule == "contrastive":
            parts.append(contrast(asked[..., relevant], asked[..., ~relevant], temperature=temperature))
            continue
        blank = np.stack([a.blank.sum(axis=-1) for a in attended if a.blank is not None], axis=-1)
        parts.append((asked - blank)[..., relevant].sum(axis=-1))
    return np.asarray(np.mean(parts, axis=0))


def contrast(relevant: DoubleArray, others: DoubleArray, *, temperature: float) -> DoubleArray:
    """Return the mean over relevant passages of their softmax share against the others, (..., n) -> (...)."""
    top = np.maximum(relevant.max(axis=-1), others.max(axis=-1))[..., None]
    own = np.exp((relevant - top) / temperature)
    rest = np.exp((others - top) / temperature).sum(axis=-1, keepdims=True)
    # A head that gives a relevant passage next to nothing has a share of 0, not 0 / 0.
    return np.asarray(np.divide(own, own + rest, out=np.zeros_like(own), where=own + rest > 0).mean(axis=-1))


def best(scores: DoubleArray, top: int) -> list[list[int]]:
    """Return the [layer, head] pairs with the largest scores, ties in the order of layers and heads."""
    order = np.argsort(-scores.ravel(), kind="stable")[:top]
    return [[int(i) // scores.shape[1], int(i) % scores.shape[1]] for i in order]


def dump(file: HeadFile) -> str:
    """Return the file's text, JSON with one key a line."""
    lines = [
        f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for key, value in file.model_dump().items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"
