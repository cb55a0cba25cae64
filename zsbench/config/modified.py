"""Model blocks with keys that are no adapter's: `modify:`, changes made to the loaded network, and `familiarity:`.

    model: {adapter: open-clip, model: ViT-B-32/openai, modify: [{name: lora, path: delta.safetensors}]}
    model: {adapter: gliner, model: urchade/gliner_medium-v2.1, familiarity: {training: pile-ner.json}}

A modifier is a file in `zsbench/modifiers/` whose function returns `apply(network) -> facts`; the network is the
adapter's `module`. Its options and files belong to the model's identity, so that no cached feature is mixed up. What
the labels of its training were changes nothing that a model answers: tasks that have a key `familiarity` take it over
(`plan/task_configs.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.config import blocks
from zsbench.config.blocks import Block
from zsbench.config.messages import described
from zsbench.core.errors import UserError
from zsbench.core.records import canonical_json, digest, digest_file
from zsbench.core.yamlio import Document, Loc


@dataclass(frozen=True)
class ModifiedBlock(Block):
    """A model's block, the modifiers of its network, in order, and what it says of its training labels."""

    modifiers: tuple[Block, ...] = ()
    familiarity: Document | None = None

    def described(self) -> dict[str, Any]:
        """Return the block as it stands in a result, modifiers included."""
        changes = [modifier.described() for modifier in self.modifiers]
        return {**super().described(), **({"modify": changes} if changes else {})}

    def files(self) -> list[str]:
        """Return the local files of the model and of its modifiers."""
        return super().files() + [path for modifier in self.modifiers for path in modifier.files()]

    def build(self) -> Any:
        """Load the model, then change its network.

        Raises
        ------
        UserError
            The adapter has no network of its own to change.
        """
        adapter = super().build()
        for modifier in self.modifiers:
            network = getattr(adapter, "module", None)
            if network is None:
                raise UserError(
                    modifier.where, f"adapter '{self.name}' has no network that '{modifier.name}' can change"
                )
            facts = modifier.build()(network)
            contents = [digest_file(Path(path)) for path in modifier.files()]
            change = [canonical_json(modifier.described()), *contents]
            for name in ("fingerprint", "image_fingerprint"):
                if hasattr(adapter, name):
                    setattr(adapter, name, digest([getattr(adapter, name), *change]))
            adapter.facts = {**getattr(adapter, "facts", {}), modifier.title: facts}
        return adapter


def model_block(value: dict[str, Any], document: Document, loc: Loc) -> Block:
    """Read a model's block with its modifiers, options checked against the signatures.

    Raises
    ------
    UserError
        An option is wrong, or `familiarity:` is no mapping.
    """
    wanted, trained = value.get("modify"), value.get("familiarity")
    own = {k: v for k, v in value.items() if k not in ("modify", "familiarity")}
    plain = blocks.block("models", own, "adapter", document, loc)
    if wanted is None and trained is None:
        return plain
    entries = wanted if isinstance(wanted, list) else [] if wanted is None else [wanted]
    modifiers = tuple(
        blocks.block("modifiers", entry, "name", document, (*loc, "modify", number))
        for number, entry in enumerate(entries)
    )
    place = (*loc, "familiarity")
    if trained is not None and not isinstance(trained, dict):
        found = f"key 'familiarity' is {described(trained)}"
        raise UserError(document.where(place), found, "a mapping such as {training: FILE, embedder: MODEL}")
    labels = None if trained is None else document.part(place, trained)
    fields = (plain.kind, plain.name, plain.options, plain.label, plain.base, plain.where, plain.bases, plain.places)
    return ModifiedBlock(*fields, modifiers, labels)
