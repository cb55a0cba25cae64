"""Models named inside another component's options: a reward model, the encoder of a file's prompts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zsbench.config.models import named
from zsbench.models.capabilities import ImageTextEncoder


def files(references: Iterable[str], where: str) -> list[str]:
    """Return the local files behind models that `image_text_encoder` takes; nothing is loaded."""
    return [path for reference in references for path in named(reference, ImageTextEncoder, where=where)[1]]


def image_text_encoder(reference: str, where: str) -> Any:
    """Return the adapter behind a model config's name or path, `ADAPTER:MODEL`, or a folder.

    Raises
    ------
    UserError
        Nothing has that name, or what it names does not encode images and texts.
    """
    return named(reference, ImageTextEncoder, where=where)[0].build()
