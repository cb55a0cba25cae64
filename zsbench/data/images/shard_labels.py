"""Labels and facts of images in tar shards, from the members .cls, .json and .npy of an image's key."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from zsbench.core import jsonfiles, textfiles
from zsbench.core.errors import UserError
from zsbench.core.lazy import NDArray, np
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.images.tar_members import Member
from zsbench.data.images.tar_shards import Sample


def shard_of(parts: dict[str, Member]) -> str:
    """Return what messages call the shard in which the members of a key lie."""
    return shown(next(iter(parts.values())).shard)


def label_of(key: str, parts: dict[str, Member]) -> Any:
    """Return what stands for an image's label: the text of .cls, what .json says, or the vector of .npy.

    Raises
    ------
    UserError
        None of the three is there, or it cannot be read.
    """
    if "cls" in parts:
        return textfiles.decoded(parts["cls"].read(), f"{shown(parts['cls'].shard)}: {key}.cls")
    if "json" in parts:
        label = _in_json(key, parts["json"])
        if label is not None:
            return label
    if "npy" not in parts:
        raise UserError(shard_of(parts), f"image '{key}' has no .cls member", "a label")
    vector = _vector(key, parts["npy"])
    if vector.size == 1:
        return vector.item()
    if vector.ndim != 1 or not np.isin(vector, (0, 1)).all():
        found = f"image '{key}': .npy of shape {vector.shape}"
        raise UserError(shard_of(parts), found, "a 0/1 vector over classes")
    return vector.tolist()


def _in_json(key: str, member: Member) -> Any:
    """Return the label of a .json member: the value itself, or what its `label`, `labels` or `cls` says."""
    where = f"{shown(member.shard)}: {key}.json"
    value = jsonfiles.parse(textfiles.decoded(member.read(), where), where, "a label")
    if not isinstance(value, dict):
        return value
    return next((value[name] for name in ("label", "labels", "cls") if name in value), None)


def clusters_of(samples: Sequence[Sample], name: int | str | None) -> list[str] | None:
    """Return what the image of each sample comes from, None where the option names nothing.

    Raises
    ------
    UserError
        An image without that entry of .npy, or without that key of .json.
    """
    if name is None:
        return None
    cells = [(sample, _cluster(sample.id, sample.parts, name)) for sample in samples]
    rows = [(f"{shard_of(sample.parts)}: image '{sample.id}'", {str(name): cell}) for sample, cell in cells]
    return clusters.of_rows(rows, str(name))


def _cluster(key: str, parts: dict[str, Member], name: int | str) -> Any:
    """Return what names an image's cluster: an entry of .npy by its number, or a key of .json."""
    if isinstance(name, int):
        return fact_of(key, parts, name, "cluster")
    if "json" not in parts:
        raise UserError(shard_of(parts), f"image '{key}' has no .json member", f"one with '{name}', its cluster")
    where = f"{shown(parts['json'].shard)}: {key}.json"
    value = jsonfiles.parse(textfiles.decoded(parts["json"].read(), where), where)
    return value.get(name) if isinstance(value, dict) else None


def fact_of(key: str, parts: dict[str, Member], number: int, what: str = "group") -> str:
    """Return one of the facts in .npy beside an image's label.

    Raises
    ------
    UserError
        No such member, or no vector with that entry.
    """
    if "npy" not in parts:
        raise UserError(shard_of(parts), f"image '{key}' has no .npy member", f"its {what}")
    facts = _vector(key, parts["npy"])
    if facts.ndim != 1 or not 0 <= number < len(facts):
        expected = f"a vector with entry {number}, the {what}"
        raise UserError(shown(parts["npy"].shard), f"image '{key}': .npy of shape {facts.shape}", expected)
    return f"{facts[number]:g}"


def _vector(key: str, member: Member) -> NDArray[Any]:
    try:
        vector: NDArray[Any] = np.load(io.BytesIO(member.read()), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise UserError(shown(member.shard), f"image '{key}': .npy cannot be read ({error})") from None
    return vector
