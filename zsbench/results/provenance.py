"""Which software made a number: package versions, and the commit of zsbench when it runs from a checkout."""

from __future__ import annotations

import platform
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import zsbench

PACKAGES = ("torch", "transformers", "open_clip_torch", "datasets", "ir_datasets", "pytrec-eval-terrier", "bm25s",
            "numpy", "scipy", "scikit-learn", "tokenizers", "safetensors", "pillow", "gliner", "gliner2")  # fmt: skip


@lru_cache
def versions() -> dict[str, str]:
    """Return the versions of everything that can move a number, as this process has known them."""
    known = {"zsbench": zsbench.__version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            known[name] = version(name)
        except PackageNotFoundError:
            continue
    return known


@lru_cache
def commit() -> str:
    """Return zsbench's own commit (with `+` when the tree differs), or an empty string outside a checkout.

    Asked once a process: what is edited later is not what runs.
    """
    root = Path(zsbench.__file__).parent.parent
    if not (root / ".git").exists():
        return ""
    try:
        head = _git(root, "rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "--", "zsbench", "configs") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
