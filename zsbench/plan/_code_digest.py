"""The digest of Python modules with everything that they import from their own packages.

Imports are read from the text of the modules, so that what a function imports when it runs counts too, and nothing
is executed. Adapters that are named in a config rather than imported (a dense first stage, a reward model) are reached
through `zsbench.config.models`; a module that imports it depends on all adapters.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from zsbench.core.records import digest

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<package>[.\w]+)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#]*)"
    r"|import[ \t]+(?P<modules>[^\n#]*))",
    re.MULTILINE,
)
_BY_NAME = "zsbench.config.models"


def imported(name: str) -> ModuleType:
    """Return a module by its full name, importing it where that has not happened."""
    return sys.modules.get(name) or importlib.import_module(name)


def closure_digest(modules: Iterable[ModuleType]) -> str:
    """Return the digest of the sources of modules and of all they import from zsbench or from their own packages."""
    roots = {"zsbench": Path(str(imported("zsbench").__file__)).parent}
    waiting: list[tuple[str, Path]] = []
    for module in modules:
        package = module.__name__.partition(".")[0]
        file = Path(str(module.__file__))
        roots.setdefault(package, _top(module.__name__, file))
        waiting.append((module.__name__, file))
    texts: dict[str, str] = {}
    while waiting:
        name, path = waiting.pop()
        if name in texts:
            continue
        content, imports = _read(path, path.stat().st_mtime_ns)
        texts[name] = content
        waiting += _reached(name, path, imports, roots)
    return digest(part for name in sorted(texts) for part in (name, texts[name]))


def _top(name: str, file: Path) -> Path:
    """Return the folder of a module's top-level package, or the file of a module that stands alone."""
    depth = name.count(".") + (file.name == "__init__.py")
    return file.parents[depth - 1] if depth else file


@lru_cache(maxsize=4096)
def _read(path: Path, _modified: int) -> tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Return the digest of a module's text and its imports as (package, names); read again only once it has changed."""
    raw = path.read_bytes()
    return digest([raw]), tuple(_imports(raw.decode("utf-8", errors="replace")))


def _imports(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for match in _IMPORT.finditer(text):
        if match["package"]:
            names = re.findall(r"(\w+)(?:\s+as\s+\w+)?", match["names"])
            yield match["package"], tuple(names)
        else:
            for part in match["modules"].split(","):
                yield part.split()[0] if part.split() else "", ()


def _reached(
    name: str, path: Path, imports: Iterable[tuple[str, tuple[str, ...]]], roots: dict[str, Path]
) -> Iterator[tuple[str, Path]]:
    """Yield the modules of known packages that a module's imports lead to."""
    for package, names in imports:
        full = _absolute(package, name, path) if package.startswith(".") else package
        top, _, rest = full.partition(".")
        if top not in roots or roots[top].is_file():
            continue
        for parts in (rest.split(".") if rest else [], *((rest + "." + each).strip(".").split(".") for each in names)):
            file = _file(roots[top], parts)
            # The root of zsbench only names what Python programs may use, and leads to every module there is.
            if file is not None and (parts or top != "zsbench"):
                yield ".".join([top, *parts]), file
        if _BY_NAME in (full, *(f"{full}.{each}" for each in names)):
            for adapter in sorted((roots["zsbench"] / "models").rglob("[a-z]*.py")):
                yield ".".join(("zsbench", *adapter.relative_to(roots["zsbench"]).with_suffix("").parts)), adapter


def _absolute(package: str, name: str, path: Path) -> str:
    """Return what `from ..x import y` in module `name` means."""
    dots = len(package) - len(package.lstrip("."))
    base = name.split(".")
    base = base[: len(base) - dots + (path.name == "__init__.py")]
    return ".".join([*base, *filter(None, [package.lstrip(".")])])


def _file(root: Path, parts: list[str]) -> Path | None:
    place = root.joinpath(*parts)
    for file in (place.with_suffix(".py") if parts else None, place / "__init__.py"):
        if file is not None and file.is_file():
            return file
    return None
