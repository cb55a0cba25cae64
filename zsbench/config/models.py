"""A model by its name outside of a run's `models:`: a first stage's encoder, the writer of synthetic queries."""

from __future__ import annotations

from pathlib import Path

from zsbench.config import catalog, overlay
from zsbench.config.blocks import Block
from zsbench.config.modified import model_block
from zsbench.core.errors import UserError
from zsbench.core.yamlio import Document


def named(reference: str, needs: type, *, base: Path = Path(), where: str = "") -> tuple[Block, list[str]]:
    """Return a model's checked block and the local files behind it; nothing is loaded.

    Parameters
    ----------
    reference : a config's name or path, `ADAPTER:MODEL`, or a folder with an image-text model.
    needs : the capability it must offer.
    base : folder where relative paths start.
    where : who asks, for messages.

    Raises
    ------
    UserError
        There is no such model, or it lacks the capability.
    """
    adapter, colon, model = reference.partition(":")
    paths: list[str] = []
    folder = Path(reference.removeprefix("local-dir:"))
    if folder.is_dir():
        adapter = "open-clip" if (folder / "open_clip_config.json").is_file() else "hf-clip"
        document = Document(base / "model", {"adapter": adapter, "model": str(folder.absolute())})
    elif colon and adapter in catalog.components("models"):
        document = Document(base / "model", {"adapter": adapter, "model": model})
    else:
        path = catalog.find_config("models", reference, where=where, base=base)
        document = overlay.load(path)
        # The files that it extends have written some of its keys.
        paths = [str(path), *sorted({str(file) for file, line in document.marks.values() if line} - {str(path)})]
    block = model_block(document.value, document, ())
    offers = sorted(offer.__name__ for offer in block.facts.offers)
    if needs.__name__ not in offers:
        found = f"model '{reference}' offers {', '.join(offers)}"
        raise UserError(where, found, f"a model offering {needs.__name__}")
    return block, paths + block.files()
