"""The folder of a report: index.html, and beside it data/ with what the page loads when it is asked for."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zsbench.core import files
from zsbench.core.errors import UserError, shown
from zsbench.report.html.page import GENERATOR

_PICTURES = "pictures"
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
            It is a file, cannot be written, or holds files and none of them says that it is a report.
        """
        if os.path.exists(self.folder) and not os.path.isdir(self.folder):
            raise UserError(shown(self.folder), "a file", "a folder to write the report into")
        page = self.folder / "index.html"
        if os.path.isdir(self.folder) and any(self.folder.iterdir()) and not _is_report(page):
            expected = "a new or empty folder, or that of an earlier report"
            raise UserError(shown(self.folder), "a folder with other files in it", expected)
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

    def clear(self) -> None:
        """Remove what an earlier report has below data/, except its pictures."""
        if not self.data.is_dir():
            return
        for path in self.data.iterdir():
            if path.name != _PICTURES:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def picture(self, name: str) -> Path:
        """Return the file of a picture, which is kept from now on."""
        path = self.data / _PICTURES / name
        self._used.add(path.parent)
        return path

    def forget_pictures(self) -> None:
        """Remove the pictures of data and runs that are no longer in the report."""
        kept = {parent for folder in self._used for parent in (folder, *folder.parents)}
        for path in sorted((self.data / _PICTURES).rglob("*"), reverse=True):
            if path.is_dir() and path not in kept:
                shutil.rmtree(path)


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
