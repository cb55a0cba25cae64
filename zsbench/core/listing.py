"""Which files of a folder are items: one rule for every source that reads folders or archives.

- Hidden names (`.ipynb_checkpoints`, `._x.png`) and what systems leave behind (`__MACOSX`, `Thumbs.db`) are ignored.
- Folders are followed through links, down to where a folder would hold itself; what counts is that it is a folder,
  not how its name ends.
- A file whose suffix is wanted is an item; all other files are counted.
- An item that is a link to nothing, a pipe or a device, and a name that is not UTF-8, are errors.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown

_LEFT_BEHIND = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini"})


@dataclass
class Listing:
    """The items of a folder in the order of their paths, and how many other files there are by suffix."""

    files: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def counts(self, kind: str) -> dict[str, int]:
        """Return the number of files that are not of a kind (`images`), under a name that tells their suffixes."""
        if not self.others:
            return {}
        most = sorted(self.others.items(), key=lambda pair: (-pair[1], pair[0]))
        names = [suffix or "no suffix" for suffix, _ in most[:4]]
        more = ", ..." if len(self.others) > 4 else ""
        return {f"files that are no {kind} ({', '.join(names)}{more})": self.others.total()}


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name is ignored."""
    return name.startswith(".") or name.lower() in _LEFT_BEHIND


def require_folder(path: Path, expected: str) -> Path:
    """Return the path when it is a folder.

    Raises
    ------
    UserError
        There is nothing, or a file.
    """
    if not path.is_dir():
        raise UserError(shown(path), "a file" if path.exists() else "no such folder", expected)
    return path


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder that are not hidden, by name."""
    itself = os.path.realpath(folder)
    return [Path(e.path) for e in _entries(folder) if _is_folder(e) and not (e.is_symlink() and _holds(e.path, itself))]


def files_in(folder: Path, suffixes: Collection[str]) -> Listing:
    """Return the items that lie in the folder itself; folders in it are left alone.

    Raises
    ------
    UserError
        An item that is no regular file, or a name that is not UTF-8.
    """
    listing = Listing()
    for entry in _entries(folder):
        if not _is_folder(entry):
            _add(listing, entry, suffixes)
    return listing


def files_below(folder: Path, suffixes: Collection[str]) -> Listing:
    """Return the items that lie in the folder or in any folder below it.

    Raises
    ------
    UserError
        As `files_in`.
    """
    listing = Listing()
    for entry in _walk(folder, (os.path.realpath(folder.parent),)):
        _add(listing, entry, suffixes)
    return listing


def every_file(folder: Path) -> list[Path]:
    """Return the files of any kind that lie in the folder or in any folder below it, in the order of their paths."""
    return [Path(entry.path) for entry in _walk(folder, (os.path.realpath(folder.parent),)) if os.path.isfile(entry)]


def _add(listing: Listing, entry: os.DirEntry[str], suffixes: Collection[str]) -> None:
    suffix = os.path.splitext(entry.name)[1].lower()
    if suffix not in suffixes:
        listing.others[suffix] += 1
    elif not os.path.isfile(entry) if entry.is_symlink() else not entry.is_file():
        problem = "a link to nothing" if entry.is_symlink() else "a pipe, socket or device"
        raise UserError(os.path.join(shown(Path(entry.path).parent), entry.name), problem, "a file")
    else:
        listing.files.append(Path(entry.path))


def _walk(folder: Path | str, crossed: tuple[str, ...]) -> Iterator[os.DirEntry[str]]:
    """Yield every entry that is no folder, in the order of their paths; `crossed` are the folders of links behind."""
    for entry in _entries(folder):
        if not _is_folder(entry):
            yield entry
        elif not entry.is_symlink():
            yield from _walk(entry.path, crossed)
        elif not _holds(entry.path, *(way := (*crossed, os.path.realpath(folder)))):
            yield from _walk(entry.path, way)


def _holds(link: str, *folders: str) -> bool:
    """Return whether a link leads to one of the folders or to one that holds it, so that following it has no end."""
    target = os.path.join(os.path.realpath(link), "")
    return any(os.path.join(folder, "").startswith(target) for folder in folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link to itself.
        return False


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    """Return what a folder holds and is not hidden, by name."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted((entry for entry in entries if not is_hidden(entry.name)), key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(shown(Path(folder)), f"cannot be read ({error.strerror})", "a folder") from None
    for entry in listed:
        require_utf8(entry.name, shown(Path(folder)))
    return listed


def require_utf8(name: str, where: str) -> None:
    """Refuse a name that cannot be written as text.

    Raises
    ------
    UserError
        The name's bytes are not UTF-8; the message shows them escaped.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        escaped = os.fsencode(name).decode("utf-8", "backslashreplace")
        raise UserError(where, f"a file or folder named '{escaped}', which is not UTF-8", "UTF-8 names") from None
