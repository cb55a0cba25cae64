"""Figures into files: what endings there are, and how a picture or its data are written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zsbench.cli._screen import say

if TYPE_CHECKING:
    from zsbench.report.figures.figure import Figure

MOST_PANELS = 60
"""Panels of one picture."""


def ending_of(out: Path, option: str) -> str:
    """Return what a file's name asks for; where that is a picture, there is what draws it.

    Raises
    ------
    UserError
        No picture and no data end like this, or matplotlib is not installed.
    """
    from zsbench.core.errors import UserError
    from zsbench.report.figures.drawing import ENDINGS, require_matplotlib

    ending = out.suffix.lower().removeprefix(".")
    if ending not in (*ENDINGS, "json"):
        found = f"'{out.name}' ends in .{ending}" if ending else f"'{out.name}' has no ending"
        raise UserError(option, found, "a name that ends in .png, .svg, .pdf, or .json for the data")
    if ending != "json":
        require_matplotlib()
    return ending


def write(
    figures: Sequence[Figure], out: Path, ending: str, *, width: float | None = None, title: str = "", fewer: str = ""
) -> None:
    """Write figures as one picture, or as data; `fewer` says how to ask for fewer panels than too many.

    Raises
    ------
    UserError
        There are too many panels for one picture.
    """
    from zsbench.core import files
    from zsbench.core.errors import UserError
    from zsbench.report.figures.drawing import drawn

    if ending == "json":
        files.write_bytes(out, _as_json(figures))
        return
    if len(figures) > MOST_PANELS:
        raise UserError(str(out), f"{len(figures)} panels in one picture", f"at most {MOST_PANELS}", fewer)
    picture, missing = drawn(figures, ending, width=width, title=title)
    files.write_bytes(out, picture)
    if missing:
        say(f"no font of this machine has {missing}; drawn as boxes", error=True)


def _as_json(figures: Sequence[Figure]) -> bytes:
    from zsbench.report.figures.figure import as_json

    written = {"schema_version": 1, "figures": [as_json(figure) for figure in figures]}
    return (json.dumps(written, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode(errors="backslashreplace")
