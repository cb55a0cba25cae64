"""Model blocks with `modify:`, a list of changes made to the loaded network before anything is asked of it.

    model: {adapter: open-clip, model: ViT-B-32/openai, modify: [{name: lora, path: delta.safetensors}]}

A modifier is a file in `zsbench/modifiers/` whose function returns `apply(network) -> facts`; the network is the
adapter's `module`. Its options and files belong to the model's identity, so that no cached feature is mixed up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.config import blocks
from zsbench.config.blocks import Block
from zsbench.core.errors import UserError
from zsbench.core.records import canonical_json, digest, digest_file
from zsbench.core.yamlio import Document, Loc


@dataclass(frozen=True)
class ModifiedBlock(Block):
    """A model's block and the modifiers of its network, in order."""

    modifiers: tuple[Block, ...] = ()

    def described(self) -> dict[str, Any]:
        """Return the block as it stands in a result, modifiers included."""
        return {**super().described(), "modify": [modifier.described() for modifier in self.modifiers]}

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
    """Read a model's block with its modifiers, options checked against the signatures."""
    wanted = value.get("modify")
    plain = blocks.block("models", {k: v for k, v in value.items() if k != "modify"}, "adapter", document, loc)
    if wanted is None:
        return plain
    entries = wanted if isinstance(wanted, list) else [wanted]
    modifiers = tuple(
        blocks.block("modifiers", entry, "name", document, (*loc, "modify", number))
        for number, entry in enumerate(entries)
    )
    fields = (plain.kind, plain.name, plain.options, plain.label, plain.base, plain.where, plain.bases)
    return ModifiedBlock(*fields, modifiers)
