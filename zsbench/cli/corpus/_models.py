"""What corpus commands ask of models: vectors of all documents, and how far the work is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zsbench.cli._models import load_model
from zsbench.cli._screen import console


def vectors_of(passages: list[str], model: str | None, embeddings: Path | None, device: str, dtype: str) -> Any:
    """Return (n_documents, width): read from a file, or encoded through the cache.

    Raises
    ------
    UserError
        Neither or both of model and file are given, or the file does not fit.
    """
    import numpy as np

    from zsbench.core.cache import Cache, default_root
    from zsbench.core.errors import UserError
    from zsbench.models.capabilities import TextEncoder
    from zsbench.search import dense

    if (model is None) == (embeddings is None):
        raise UserError("zsbench corpus", "vectors from nowhere, or from two places", "--model or --embeddings")
    if embeddings is not None:
        return _read_vectors(embeddings, len(passages))
    encoder = load_model(str(model), TextEncoder, device, dtype)
    with progress("documents", len(passages)) as report:
        blocks = []
        for block in dense.blocks(encoder, passages, cache=Cache(default_root())):
            blocks.append(block)
            report(sum(map(len, blocks)))
    return np.concatenate(blocks)


def _read_vectors(path: Path, n: int) -> Any:
    """Return the vectors (n, width) of a file.

    Raises
    ------
    UserError
        Another shape, or numbers that are not finite.
    """
    import numpy as np

    from zsbench.core import arrays
    from zsbench.core.errors import UserError

    vectors = arrays.single(path)
    if vectors.shape[:1] != (n,) or vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
        raise UserError(str(path), f"{vectors.dtype} of shape {vectors.shape}", f"({n}, width)")
    if not np.isfinite(vectors).all():
        raise UserError(str(path), "NaN or infinity", "finite numbers")
    return vectors


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield what reports the number done; a bar on a terminal, nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console(error=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
