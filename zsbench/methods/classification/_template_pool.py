"""A pool of templates filled with every class, its text vectors streamed.

ImageNet's 1,000 classes in 247 templates are 0.5 GB of text vectors; they and 50,000 images are never multiplied
into one array of 50,000 x 247 x 1,000 logits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.templates import fill_class, require_class
from zsbench.core.yamlio import shown
from zsbench.methods.classification import Encoder
from zsbench.methods.classification._texts import read_lines

BLOCK = 2**27
"""Numbers in one block of text vectors: 0.5 GB in float32."""


class TemplatePool:
    """Unit text vectors of every template with every class, a block of templates at a time.

    One block is kept; several are taken from the encoder's cache again each time.
    """

    def __init__(self, encoder: Encoder, templates: Sequence[str], class_names: Sequence[str]) -> None:
        self.encoder, self.templates, self.class_names = encoder, templates, class_names
        self._kept: FloatArray | None = None

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self.templates)

    def blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield (which templates, their text vectors (n_templates, n_classes, width)), in order."""
        if self._kept is not None:
            yield slice(0, len(self)), self._kept
            return
        first = self._template(self.templates[0])
        size = max(1, BLOCK // first.size)
        for start in range(0, len(self), size):
            part = slice(start, min(start + size, len(self)))
            block = np.empty((part.stop - start, *first.shape), dtype=np.float32)
            for row, template in enumerate(self.templates[part]):
                block[row] = self._template(template)
            if len(block) == len(self):
                self._kept = block
            yield part, block

    def weighted(self, weights: Any) -> FloatArray:
        """Return the sum of text vectors (n_classes, width), each template with its weight (n_templates,)."""
        total = np.zeros((len(self.class_names), 1), dtype=np.float32)
        for part, texts in self.blocks():
            total = total + np.tensordot(np.asarray(weights[part], dtype=np.float32), texts, axes=1)
        return total

    def _template(self, template: str) -> FloatArray:
        return self.encoder.texts([fill_class(template, name) for name in self.class_names])


def read_pool(value: list[str] | str) -> list[str]:
    """Return the templates of a pool, each once.

    Raises
    ------
    UserError
        The pool is empty, or a template has no place for the class.
    """
    where = shown(Path(value)) if isinstance(value, str) else ""
    templates = read_lines(value)
    if not templates:
        raise UserError(where, "no template in the pool", "at least one")
    for template in templates:
        require_class(template, where)
    return templates
