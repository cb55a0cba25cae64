"""How figures look: colours, sizes and fonts, names as they are, the same bytes each time.

Colours are those of Okabe and Ito (2008), which colour-blind readers tell apart, in an order in which neighbours differ
in grey print too; markers and dashes say the same once more. Sizes are those of a paper: a column of two is 3.35 inches
wide, and its captions are set in 8 points.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable
from typing import Any

from zsbench.core.errors import UserError
from zsbench.report.figures.figure import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#222222", "#B8A800")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", "--", "-.", ":")
MUTED = "#9A9A9A"
INK = "#333333"

TEXT, SMALL = 8, 7  # points

COLUMN, PAGE = 3.35, 6.9
"""Widths of a column and of a page of two, in inches."""

_SETTINGS = {
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "figure.titlesize": TEXT + 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "text.parse_math": False,  # a `$` in a name is a `$`
    "text.usetex": False,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "savefig.dpi": 200,
    "svg.hashsalt": "zsbench",  # else ids are drawn anew each time
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # TrueType: publishers refuse the other one
}

# A font that has a box for every letter is none.
_BOXES = "Last Resort"

# No times and no versions: the same results give the same bytes.
METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def matplotlib() -> Any:
    """Return matplotlib.

    Raises
    ------
    UserError
        It is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        hint = "pip install 'zsbench[plots]'"
        raise UserError("plot", "matplotlib is not installed", "", f"{hint}, or --out FILE.json for the data") from None
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a font of one weight is no news
    return matplotlib


def settings(texts: Iterable[str]) -> tuple[dict[str, Any], str]:
    """Return the settings under which figures with these texts are drawn, and the letters that no font has.

    Nothing of the user's own style counts.
    """
    families, missing = _families({letter for text in texts for letter in text})
    defaults = {key: value for key, value in matplotlib().rcParamsDefault.items() if not key.startswith("backend")}
    return {**defaults, **_SETTINGS, "font.family": families}, "".join(sorted(missing))


def _families(letters: set[str]) -> tuple[list[str], set[str]]:
    """Return the fonts that have the letters, matplotlib's own and of the machine's what else is needed, and the rest.

    The rest are letters that no font here has.
    """
    from matplotlib import font_manager

    families, files = ["DejaVu Sans"], [font_manager.findfont("DejaVu Sans")]
    missing = _without(letters, files[0])
    if missing:
        for font in sorted(font_manager.fontManager.ttflist, key=lambda font: (font.name, font.fname)):
            if font.style != "normal" or font.weight != 400 or font.name.startswith(_BOXES):
                continue
            still = _without(missing, font.fname)
            if len(still) < len(missing):
                families.append(font.name)
                missing = still
            if not missing:
                break
    return families, missing


def _without(letters: set[str], path: str) -> set[str]:
    """Return the letters that a font does not have."""
    characters = _characters(path)
    return {letter for letter in letters if ord(letter) not in characters}


@functools.cache
def _characters(path: str) -> frozenset[int]:
    """Return the code points that a font has a shape for."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(path).get_charmap())
    except (OSError, RuntimeError):  # a font file that is damaged or gone
        return frozenset()


def texts_of(figures: Iterable[Figure]) -> list[str]:
    """Return every text that stands in figures."""
    texts = []
    for figure in figures:
        texts += [figure.title, figure.x, figure.y, figure.unit, *(level.name for level in figure.levels)]
        for series in figure.series:
            texts.append(series.name)
            texts += [text for point in series.points for text in (str(point.x), point.label)]
    return texts


def fold(name: str, width: int) -> str:
    """Return a name over several lines of at most `width` columns, broken behind blanks and signs where it can be.

    Examples
    --------
    >>> fold("clip-glyphs / prompt-ensemble", 18)
    'clip-glyphs /\\nprompt-ensemble'
    """
    from rich.cells import cell_len

    lines, line = [], ""
    for word in _words(name):
        if line and cell_len(line + word.rstrip()) > width:
            lines.append(line)
            line = ""
        while cell_len(word.rstrip()) > width:  # a word that is longer than a line
            size = next(n for n in range(1, len(word) + 1) if cell_len(word[: n + 1]) > width)
            lines.append(word[:size])
            word = word[size:]
        line += word
    return "\n".join(part.rstrip() for part in [*lines, line] if part.strip())


def _words(name: str) -> list[str]:
    """Return the parts between which a line may end, their joints at the end of each."""
    words = [""]
    for before, letter in zip(" " + name, name, strict=False):
        if before in " -_/,;:+" and letter not in " -_/,;:+":
            words.append("")
        words[-1] += letter
    return [word for word in words if word]
