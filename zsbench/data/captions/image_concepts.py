"""Concepts of images, as `zsbench frequency concepts` writes them: JSON {"image id": ["concept", ...]}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, shown

ImageConcepts = Mapping[str, Sequence[str]]
FEWEST_IMAGES = 10
"""The paper judges concepts of at least so many test images (Udandarao et al. 2024, section 2.1)."""
EXPECTED = 'JSON {"image id": ["concept", ...]}'


def read_image_concepts(path: Path) -> ImageConcepts:
    """Return the concepts of each image, none of them twice.

    Raises
    ------
    UserError
        Not JSON, or no object of lists of texts.
    """
    value = jsonfiles.read(path, EXPECTED)
    lists = value.values() if isinstance(value, dict) else [None]
    if not all(isinstance(listed, list) and all(isinstance(name, str) for name in listed) for listed in lists):
        raise UserError(shown(path), "no object of lists of texts", EXPECTED)
    return {image: list(dict.fromkeys(listed)) for image, listed in value.items()}
