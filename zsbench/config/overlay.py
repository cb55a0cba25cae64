"""YAML over YAML: `extends:`, what is laid over a config, and which keys it replaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from zsbench.config import catalog
from zsbench.config.messages import described
from zsbench.core import yamlio
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.yamlio import Document, Loc


def load(path: Path) -> Document:
    """Read a YAML file and lay it over the file named in its `extends:`, key by key; lists replace lists."""
    chain: list[Path] = []
    documents: list[Document] = []
    while True:
        if path.resolve() in chain:
            raise UserError(yamlio.shown(path), "extends itself", "a chain of `extends:` that ends")
        chain.append(path.resolve())
        document = yamlio.read(path)
        documents.append(document)
        parent = document.value.pop("extends", None)
        if parent is None:
            break
        where = document.where(("extends",))
        if not isinstance(parent, str):
            raise UserError(where, f"key 'extends' is {described(parent)}", "the name of a config or a path")
        path = _parent_path(parent, path, where)
    merged = documents.pop()
    while documents:
        merged = overlay(merged, documents.pop())
    return merged


def _parent_path(parent: str, child: Path, where: str) -> Path:
    """Find what `extends:` names: a path beside the child, or a config of any kind."""
    if parent.endswith((".yaml", ".yml")):
        return catalog.find_config("tasks", parent, where=where, base=child.parent)
    names: set[str] = set()
    for kind in get_args(catalog.ConfigKind):
        known = catalog.configs(kind)
        if parent.removeprefix("papers/") in known and known[parent.removeprefix("papers/")].path != child:
            return known[parent.removeprefix("papers/")].path
        names |= set(known)
    raise UserError(where, f"no config '{parent}' to extend", "", did_you_mean(parent, names))


def overlay(base: Document, top: Document) -> Document:
    """Return `base` with the keys of `top` laid over it; mappings merge, everything else is replaced."""
    # A list or a text of the top file hides what stood at and below its place.
    hidden = {loc for loc in yamlio.places(top.value) if not isinstance(_at(top.value, loc), dict)}
    kept = {
        loc: mark for loc, mark in base.marks.items() if not any(loc[:end] in hidden for end in range(1, len(loc) + 1))
    }
    return Document(top.path, merge(base.value, top.value), {**kept, **top.marks})


def _at(value: dict[str, Any], loc: Loc) -> Any:
    for key in loc:
        value = value[key]  # type: ignore[index]
    return value


def merge(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    """Merge two mappings recursively; a block that names another component replaces the old one whole.

    Candidates of another stage keep their depth and whether they are shuffled, and lose what was the old stage's own.
    """
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            renamed = any(word in value and value[word] != old.get(word) for word in ("name", "source", "adapter"))
            if key == "candidates" and value.get("stage", old.get("stage")) != old.get("stage", "bm25"):
                old = {shared: old[shared] for shared in ("depth", "shuffle") if shared in old}
            value = value if renamed else merge(old, value)
        merged[key] = value
    return merged
