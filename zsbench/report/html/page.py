"""index.html: the template with its style, its script and its data, under a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import zsbench
from zsbench.report.html.embedding import script_json

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = ("base.js", "drawings.js", "table.js", "pairs.js", "figures.js", "items.js", "start.js")

GENERATOR = '<meta name="generator" content="zsbench report">'
"""What a page written here says of itself, so that no other folder is ever written over."""


def page(data: dict[str, Any]) -> str:
    """Return the page over its data: runs, rows of the table, compared pairs, figures.

    Parameters
    ----------
    data : plain values; texts of others are made harmless here.
    """
    style, script = _asset("page.css"), "".join(_asset(name) for name in _SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}}})();\n'
    parts = {
        "policy": _policy(style, script),
        "generator": GENERATOR,
        "style": style,
        "script": script,
        "data": script_json({"schema_version": 1, "zsbench": zsbench.__version__, **data}),
    }
    # One pass, so that a mark within the data is not filled in its turn.
    pieces = _asset("page.html").split("@@")
    return "".join(parts[piece] if number % 2 else piece for number, piece in enumerate(pieces))


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return the page's Content-Security-Policy: its own style and script by their digests, files beside it, no more.

    `file:` stands for the files beside a page that is opened from disk, `'self'` for those of a page that is served.
    """
    allowed = {
        "default-src": "'none'",
        "script-src": f"'{_digest(script)}' 'self' file:",
        "style-src": f"'{_digest(style)}'",
        "img-src": "'self' file:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{what} {who}" for what, who in allowed.items())


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
