"""The folder of a report: index.html, and beside it data/ with what the page loads when it is asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

from zsbench.core import files
from zsbench.core.errors import UserError, shown
from zsbench.report.html.page import GENERATOR

_LOOKED_AT = 4096
"""So many bytes of a page hold what it says of itself."""


class ReportFolder:
    """Where a report is written; what an earlier report left there is replaced, pictures are kept and used again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"

    def claim(self) -> None:
        """Make the folder ready.

        Raises
        ------
        UserError
            It is a file, cannot be written, or holds files and none of them says that it is a report.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise UserError(shown(self.folder), "a file", "a folder to write the report into")
        page = self.folder / "index.html"
        if self.folder.is_dir() and any(self.folder.iterdir()) and not _is_report(page):
            expected = "a new or empty folder, or that of an earlier report"
            raise UserError(shown(self.folder), "a folder with other files in it", expected)
        files.require_writable(self.folder)

    def write_page(self, text: str) -> Path:
        """Write index.html, last of all; return its path."""
        path = self.folder / "index.html"
        files.write_bytes(path, text.encode())
        return path

    def write_data(self, name: str, text: str) -> None:
        """Write a file below data/."""
        files.write_bytes(self.data / name, text.encode())

    def clear(self) -> None:
        """Remove what an earlier report has below data/, except its pictures."""
        if not self.data.is_dir():
            return
        for path in self.data.iterdir():
            if path.name != "pictures":
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _is_report(page: Path) -> bool:
    if not page.is_file():
        return False
    with page.open("rb") as file:
        return GENERATOR.encode() in file.read(_LOOKED_AT)
