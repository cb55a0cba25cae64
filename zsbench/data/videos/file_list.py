"""Lists of video files: `<class>/<file>` or `<file>` a line, and maybe a number behind it.

UCF-101's lists for training have the number of the class there, the same for all its videos; HMDB-51's have a mark that
says what a video is for (1 training, 2 testing, 0 unused), so that a class has several.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from zsbench.core import textfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown

_NUMBERED = re.compile(rf"(.*[^{textfiles.BLANKS}])[{textfiles.BLANKS}]+([0-9]+)", re.DOTALL)


def read(path: Path, videos: Sequence[str], root: Path, *, marked: int | None = None) -> list[str]:
    """Return the videos of a list, those with a mark where one is asked for.

    Parameters
    ----------
    path : the list; each line names a video from the root on, or by the file's name alone.
    videos : `<class>/<file>` of every video there is.
    root : their folder, for messages.
    marked : the number behind the names to read; None reads all.

    Raises
    ------
    UserError
        With the line: a name that no video or several have, no number where one is asked for, or several numbers within
        a class where none is asked for. No video has the mark.
    """
    known: dict[str, list[str]] = {}
    for name in videos:
        for key in {name, name.rpartition("/")[2]}:
            known.setdefault(key, []).append(name)
    found: list[str] = []
    of_class: dict[str, int] = {}
    for number, line in textfiles.lines(path):
        if not (text := line.strip(textfiles.BLANKS)):
            continue
        where = f"{shown(path)}:{number}"
        name, mark = _parts(text, known)
        if len(known.get(name, [])) != 1:
            problem = f"lists '{name}'" + (", a name that several classes have" if name in known else "")
            raise UserError(where, problem, f"a video of {shown(root)}")
        [video] = known[name]
        if marked is not None and mark is None:
            raise UserError(where, f"no number behind '{name}'", "the mark that `only_marked:` asks for")
        if marked is None and mark is not None and of_class.setdefault(video.split("/")[0], mark) != mark:
            problem = f"marks {of_class[video.split('/')[0]]} and {mark} in one class"
            raise UserError(where, problem, "`only_marked:` with one of them; HMDB-51 marks videos for testing 2")
        if marked in (None, mark):
            found.append(video)
    if marked is not None and not found:
        raise UserError(shown(path), f"no video marked {marked}", "a mark of the list")
    return found


def _parts(text: str, known: dict[str, list[str]]) -> tuple[str, int | None]:
    """Return the name of a line, which may hold blanks, and the number behind it."""
    match = None if text in known else _NUMBERED.fullmatch(text)
    if match:
        return match[1], int(match[2])
    return text, None
