"""Numbers with their parity, one `NUMBER even|odd` a line."""

from pathlib import Path

from zsbench.config.components import source
from zsbench.config.options import LocalPath
from zsbench.core import textfiles

from .._records import Number


@source(gives="numbers")
def number_lines(*, path: LocalPath) -> list[tuple[Number, str]]:
    """Read the file."""
    rows = [cells for _, cells in textfiles.fields(Path(path), {2}, "a number and its parity")]
    return [(Number(f"n{place}", int(number)), parity) for place, (number, parity) in enumerate(rows)]
