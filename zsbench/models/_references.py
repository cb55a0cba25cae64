"""Models named inside another component's options: a reward model, the encoder of a file's prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench import catalog, config
from zsbench.config import Block
from zsbench.errors import UserError
from zsbench.modified import model_block


def image_text_encoder(reference: str, where: str) -> Any:
    """Return the adapter behind a model config's name or path, `ADAPTER:MODEL`, or a folder.

    Raises
    ------
    UserError
        Nothing has that name, or what it names does not encode images and texts.
    """
    block = _block(reference, where)
    offers = sorted(offer.__name__ for offer in block.facts.offers)
    if "ImageTextEncoder" not in offers:
        found = f"model '{reference}' offers {', '.join(offers)}"
        raise UserError(where, found, "a model that offers ImageTextEncoder")
    return block.build()


def _block(reference: str, where: str) -> Block:
    folder = catalog.resolve_path(reference.removeprefix("local-dir:"), Path.cwd(), where=where)
    if folder.is_dir():
        adapter = "open-clip" if (folder / "open_clip_config.json").is_file() else "hf-clip"
        return Block("models", adapter, {"model": str(folder)}, where=where)
    adapter, colon, rest = reference.partition(":")
    if colon and adapter in catalog.components("models"):
        return Block("models", adapter, {"model": rest}, base=Path.cwd(), where=where)
    document = config.load(catalog.find_config("models", reference, where=where))
    return model_block(document.value, document, ())
