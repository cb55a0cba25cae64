"""The folder of a report: index.html, and beside it data/ with what the page loads when it is asked for."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zsbench.core import files
from zsbench.core.errors import UserError, shown
from zsbench.report.html.page import GENERATOR

_RUNS, _PICTURES = "runs", "pictures"
_WRITTEN = re.compile(
    rf"{_RUNS}/\d+/(index|\d{{5,}})\.js"
    rf"|{_PICTURES}/[0-9a-f]{{16}}/(([0-9a-f]{{16}}/)?\d{{6,}}-\d+(-[0-9a-f]{{8}})?|named/[0-9a-f]{{32}})\.webp"
)
"""The files that `drawn_items` writes below data/; nothing else there is removed."""
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp")
_UNFINISHED = f"""<!doctype html>
<meta charset="utf-8">
{GENERATOR}
<title>zsbench report</title>
<p>This report is not written to its end. Run zsbench report again.</p>
"""
_LOOKED_AT = 4096
"""So many bytes of a page hold what it says of itself."""


class ReportFolder:
    """Where a report is written; what an earlier report left there is replaced, pictures are kept and used again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self._used: set[Path] = set()

    def claim(self) -> None:
        """Make the folder ready; until the page is written, index.html says that it is not.

        So a report that is interrupted can be written again, and never shows the data of another one.

        Raises
        ------
        UserError
            It is a file, cannot be written, holds files and none of them says that it is a report, or data/ in it is or
            holds a symbolic link, through which files elsewhere would be written and removed.
        """
        if os.path.exists(self.folder) and not os.path.isdir(self.folder):
            raise UserError(shown(self.folder), "a file", "a folder to write the report into")
        page = self.folder / "index.html"
        if os.path.isdir(self.folder) and any(self.folder.iterdir()) and not _is_report(page):
            expected = "a new or empty folder, or that of an earlier report"
            raise UserError(shown(self.folder), "a folder with other files in it", expected)
        if os.path.lexists(self.data):
            self._refuse_links()
        files.require_writable(self.folder)
        files.write_bytes(page, _UNFINISHED.encode())

    def write_page(self, text: str) -> Path:
        """Write index.html, last of all; return its path."""
        path = self.folder / "index.html"
        files.write_bytes(path, text.encode())
        return path

    def write_data(self, name: str, text: str) -> None:
        """Write a file below data/."""
        with quickly(self.data / name) as temporary:
            temporary.write_bytes(text.encode())

    def _refuse_links(self) -> None:
        """Refuse data/ that is no folder of its own.

        Raises
        ------
        UserError
            It is, or holds, a symbolic link, or is a file.
        """
        below = [os.path.join(place, name) for place, dirs, names in os.walk(self.data) for name in (*dirs, *names)]
        link = next((path for path in (str(self.data), *below) if os.path.islink(path)), None)
        if link is not None:
            raise UserError(link, "a symbolic link", "a folder that holds none, as a report has files there to remove")
        if self.data.exists() and not self.data.is_dir():
            raise UserError(shown(self.data), "a file", "a folder for the data of the report")

    def others(self) -> list[Path]:
        """Return the files and folders, from here, that no report writes; they are left as they are."""
        beside = [path for path in self.folder.iterdir() if path not in (self.folder / "index.html", self.data)]
        below = [path for path in self.data.rglob("*") if path.is_file() and not self._is_ours(path)]
        return sorted(path.relative_to(self.folder) for path in (*beside, *below))

    def _is_ours(self, path: Path) -> bool:
        """Say whether a file below data/ has a name that a report writes, or wrote when it was interrupted."""
        temporary = _TEMPORARY.fullmatch(path.name)
        named = path.with_name(temporary[1]) if temporary else path
        return _WRITTEN.fullmatch(named.relative_to(self.data).as_posix()) is not None

    def clear(self) -> None:
        """Remove what an earlier report has below data/, except its pictures; what no report writes stays."""
        self._remove([self.data / _RUNS, *(self.data / _RUNS).rglob("*")])

    def _remove(self, paths: Iterable[Path]) -> None:
        """Remove those files among paths that a report writes, and the folders that are empty then."""
        listed = list(paths)
        for path in listed:
            if not path.is_symlink() and path.is_file() and self._is_ours(path):
                path.unlink()
        for path in sorted(listed, reverse=True):
            if path.is_dir() and not path.is_symlink():
                with suppress(OSError):  # not empty: files of others lie in it
                    path.rmdir()

    def picture(self, name: str) -> Path:
        """Return the file of a picture, which is kept from now on."""
        path = self.data / _PICTURES / name
        self._used.add(path.parent)
        return path

    def forget_pictures(self) -> None:
        """Remove the pictures of data and runs that are no longer in the report."""
        kept = {parent for folder in self._used for parent in (folder, *folder.parents)}
        below = (self.data / _PICTURES).rglob("*")
        self._remove(path for path in below if path not in kept and path.parent not in self._used)


@contextmanager
def quickly(path: Path) -> Iterator[Path]:
    """Yield a temporary path that takes the place of `path` on success, without waiting for the disk.

    A report has tens of thousands of such files, all of which can be made again; the page itself, which names them, is
    written last and safely.

    Raises
    ------
    UserError
        The folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(shown(path), f"cannot be written ({error.strerror or error})", "a writable folder") from None
    finally:
        temporary.unlink(missing_ok=True)


def _is_report(page: Path) -> bool:
    if not page.is_file():
        return False
    with page.open("rb") as file:
        return GENERATOR.encode() in file.read(_LOOKED_AT)
