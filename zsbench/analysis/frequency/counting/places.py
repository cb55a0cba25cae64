"""The files of a count, and whose those are that stand there already.

The details name the question that was asked. They are written first and the counts last: files beside details of the
same question may be written again, counts beside them are the answer, and whatever else is there stays as it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from zsbench.analysis.frequency.counting import index
from zsbench.core import files, jsonfiles, outputs
from zsbench.core.errors import UserError, shown

FORMAT = "zsbench-frequency-1"


@dataclass(frozen=True)
class Places:
    """Where a count writes.

    Attributes
    ----------
    out : the counts.
    images : whether image tags are counted, too.
    further : files that options name beside `out`.
    index : the folder of an index, or None.
    """

    out: Path
    images: bool = False
    further: tuple[Path, ...] = ()
    index: Path | None = None

    def beside(self, kind: str) -> Path:
        """Return the path of a further file: `counts.json` and `image` give `counts.image.json`."""
        return self.out.with_name(f"{self.out.stem}.{kind}{self.out.suffix}")

    @property
    def details(self) -> Path:
        """What says how the counts were made."""
        return self.beside("details")

    @property
    def derived(self) -> list[Path]:
        """The files whose names follow from that of the counts."""
        return [self.beside(kind) for kind in ("details", *(("image", "integrated") if self.images else ()))]

    @contextmanager
    def planned(self) -> Iterator[None]:
        """Keep files of derived names from being read, and from being named by another option.

        Raises
        ------
        UserError
            An option names one.
        """
        with ExitStack() as stack:
            for path in self.derived:
                stack.enter_context(outputs.planned("--out", path))
            yield

    def finished(self, identity: str) -> bool:
        """Return whether the whole answer to a question is in its place already.

        Raises
        ------
        UserError
            A file or an index is there that is of no or of another question: it stays as it is.
        """
        every = [self.out, *self.derived, *self.further]
        for path in every:
            files.require_place(path)
        indexed = self.index is not None and index.is_index(self.index)
        if self._question() == identity:
            return all(path.exists() for path in every) and (self.index is None or indexed)
        if self.out.exists():
            found = "holds the answer of another question, or other data"
            raise UserError(shown(self.out), found, "--out with a name of its own")
        there = next((path for path in every if path.exists()), None)
        if there is not None:
            raise UserError(shown(there), "is there already, and would be overwritten", "a name of its own")
        if self.index is not None and indexed:
            raise UserError(shown(self.index), "holds an index already", "a folder of its own for --index")
        return False

    def _question(self) -> str | None:
        """Return the question that the details are of, None where there are none."""
        if not self.details.is_file():
            return None
        with outputs.looked_at(self.details), suppress(UserError):  # no JSON: a file of somebody else
            held = jsonfiles.read(self.details)
            if isinstance(held, dict) and held.get("format") == FORMAT:
                return str(held.get("question"))
        return None

    def parts(self, question: str) -> Path:
        """Return the folder that holds what is done of a question."""
        return self.out.with_name(f"{self.out.name}.parts@{question[:8]}")

    def remove_parts(self, own: Path) -> None:
        """Remove the parts of the question, now that its answer is there, and those of earlier ones of this name."""
        shutil.rmtree(own, ignore_errors=True)
        for folder in self.out.parent.glob(f"{_literal(self.out.name)}.parts@{'[0-9a-f]' * 8}"):
            _remove(folder)

    def remove_empty(self, parts: Path) -> None:
        """Remove a folder of parts in which nothing is done."""
        if not any(path.name != ".lock" for path in parts.iterdir()):
            shutil.rmtree(parts, ignore_errors=True)


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _remove(folder: Path) -> None:
    """Remove the parts of an earlier question unless another process counts for it."""
    lock = FileLock(folder / ".lock")
    with suppress(Timeout, OSError):
        lock.acquire(timeout=0)
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
