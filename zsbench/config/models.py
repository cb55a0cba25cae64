"""The one resolver of models' names: `clip-glyphs`, `mine.yaml`, `hf-clip:openai/clip-vit-base-patch32`, a folder.

A run's `models:` go through it, and models that other parts name: a first stage's encoder, a reward model, the writer
of synthetic queries.
"""

from __future__ import annotations

from pathlib import Path

from zsbench.config import catalog, overlay
from zsbench.config.blocks import Block
from zsbench.config.modified import model_block
from zsbench.core.errors import UserError, unknown_name
from zsbench.core.yamlio import Document, Loc

_FOLDER = "local-dir:"


def read(reference: str, home: Document, loc: Loc = (), *, where: str = "") -> tuple[str, Document]:
    """Return the short name and the YAML of a model that a text names; nothing is loaded.

    Parameters
    ----------
    reference : a config's name or path, `ADAPTER:MODEL`, or a folder with an image-text model.
    home, loc : the document and the place that name it; relative paths start there.
    where : the place as messages say it; that of `loc` where none is given.

    Raises
    ------
    UserError
        No config, adapter or file of that name, or an adapter without a model.
    """
    where = where or home.where(loc)
    adapter, colon, model = reference.partition(":")
    adapters, configs = catalog.components("models"), catalog.configs("models")
    if colon and adapter in adapters:
        return model.removeprefix(_FOLDER).rstrip("/").split("/")[-1], home.part(
            loc, {"adapter": adapter, "model": model}
        )
    folder = Path(reference.removeprefix(_FOLDER)).expanduser()
    if reference not in configs and folder.is_dir():
        kind = "open-clip" if (folder / "open_clip_config.json").is_file() else "hf-clip"
        return folder.absolute().name, home.part(loc, {"adapter": kind, "model": str(folder.absolute())})
    if colon and not reference.endswith((".yaml", ".yml")):
        raise unknown_name(where, "model adapter", adapter, adapters, listed_by="zsbench list models")
    if reference in adapters and reference not in configs:
        raise UserError(where, f"'{reference}' is an adapter", f"{reference}:MODEL, or the name of a model's config")
    path = catalog.find_config("models", reference, where=where, base=home.path.parent)
    return path.stem, overlay.load(path)


def named(reference: str, needs: type, *, base: Path = Path(), where: str = "") -> tuple[Block, list[str]]:
    """Return a model's checked block and the local files behind it; nothing is loaded.

    Parameters
    ----------
    reference : as for `read`.
    needs : the capability it must offer.
    base : folder where relative paths start.
    where : who asks, for messages.

    Raises
    ------
    UserError
        There is no such model, or it lacks the capability.
    """
    home = Document(base / "model", {})
    _, document = read(reference, home, where=where)
    block = model_block(document.value, document, ())
    offers = sorted(offer.__name__ for offer in block.facts.offers)
    if needs.__name__ not in offers:
        problem = f"model '{reference}' offers {', '.join(offers)}"
        raise UserError(where, problem, f"a model offering {needs.__name__}")
    return block, _configs_of(document, home) + block.files()


def _configs_of(document: Document, home: Document) -> list[str]:
    """Return the YAML files that say what a model is: its config, then those it extends that have written a key."""
    if document.path == home.path:
        return []
    extended = {str(file) for file, line in document.marks.values() if line} - {str(document.path)}
    return [str(document.path), *sorted(extended)]
