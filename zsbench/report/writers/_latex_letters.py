"""Letters and signs as LaTeX writes them in ASCII, with any encoding of fonts."""

from __future__ import annotations

import unicodedata

_SIGNS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "↑": r"$\uparrow$", "↓": r"$\downarrow$", "–": "--",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "—": "---", "−": "$-$", "±": r"$\pm$",
    "×": r"$\times$", "†": r"\dag{}", "‡": r"\ddag{}", "…": r"\ldots{}", "’": "'", "‘": "`", "“": "``", "”": "''",
    "·": r"$\cdot$",
    "→": r"$\rightarrow$", "←": r"$\leftarrow$", "≤": r"$\leq$", "≥": r"$\geq$", "≈": r"$\approx$", "≠": r"$\neq$",
    "°": r"$^\circ$", "µ": r"$\mu$", "∞": r"$\infty$", "²": "$^2$", "³": "$^3$", "¹": "$^1$", "\u00a0": "~",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "å": r"\aa{}", "Å": r"\AA{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "§": r"\S{}", "¶": r"\P{}",
    "¿": "?`", "¡": "!`", "©": r"\copyright{}", "£": r"\pounds{}",
}  # fmt: skip

# By the combining character that a letter is taken apart into.
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0323": "d", "\u0331": "b",
}  # fmt: skip

_GREEK = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
    "nu", "xi", "o", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
]  # fmt: skip
_CAPITALS = {"Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma",
             "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega"}  # fmt: skip
_FORMULAS = {chr(ord("α") + i): "o" if name == "o" else f"\\{name}" for i, name in enumerate(_GREEK)}
_FORMULAS |= {letter: f"\\{name}" for letter, name in _CAPITALS.items()}


def as_ascii(text: str) -> str:
    r"""Return a text with every special character as a command; letters that have none stay as they are.

    >>> as_ascii("naïve β_1")
    'na\\"{\\i}ve $\\beta$\\_1'
    """
    # Two hyphens beside each other would become a dash.
    return "".join(map(_written, text.replace("--", "-\0-").replace("--", "-\0-"))).replace("\0", "{}")


def _written(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    if character.isascii():
        return character
    if character in _FORMULAS:
        return f"${_FORMULAS[character]}$"
    base, *accents = list(unicodedata.normalize("NFD", character))
    if base.isascii() and base.isalpha() and len(accents) == 1 and accents[0] in _ACCENTS:
        dotless = {"i": r"\i", "j": r"\j"}.get(base, base) if accents[0] not in "\u0323\u0327\u0331" else base
        return rf"\{_ACCENTS[accents[0]]}{{{dotless}}}"
    return character
