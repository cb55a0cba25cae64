"""Labels with the number of their mentions: JSON `{"label": count}`, and lists of labels without counts.

Labels are taken as a model saw them: no letter is lowered. Blanks around one are no part of it, in any kind of file.
"""

from __future__ import annotations

from pathlib import Path

from zsbench.core import jsonfiles, textfiles
from zsbench.core.errors import UserError, kind_of, shown

EXPECTED = 'JSON {"label": number of mentions}'
MOST = 10**12
"""Mentions of a label: a million labels of so many still have a sum that 64 bits hold."""


def read_counts(path: Path, *, zeros: bool = False) -> dict[str, int]:
    """Return the mentions of every label that has any, in the order of the file; a count of 0 leaves a label out.

    `zeros` keeps labels with a count of 0: what was looked for and never found.

    Raises
    ------
    UserError
        Not JSON, a label that stands twice or is empty (blanks around it do not count), a count that is no whole
        number from 0 to `MOST`, or no label with a mention; with file, line and label.
    """
    text = textfiles.read(path)
    value = jsonfiles.parse(text, shown(path), EXPECTED)
    if not isinstance(value, dict):
        raise UserError(shown(path), kind_of(value), EXPECTED)
    for label, count in value.items():
        if not label.strip():
            place = jsonfiles.place_of_key(shown(path), text, label)
            raise UserError(place, f"label '{label}' is empty", "a label's text")
        if type(count) is not int or not 0 <= count <= MOST:
            place = jsonfiles.place_of_key(shown(path), text, label)
            found = f"label '{label}' has {jsonfiles.spelled(count)} mentions"
            raise UserError(place, found, f"a whole number from 0 to {MOST}")
    named = _stripped(list(value), shown(path))
    counts = {label: count for label, count in zip(named, value.values(), strict=True) if count or zeros}
    if not counts:
        raise UserError(shown(path), "no label with a mention", EXPECTED)
    return counts


def read_labels(path: Path) -> list[str]:
    """Return the labels of a file: one a line, a JSON list, or those with a mention of a JSON `{"label": count}`.

    Raises
    ------
    UserError
        No labels, one that is empty or stands twice; what `read_counts` refuses.
    """
    text = textfiles.read(path)
    if jsonfiles.holds_json(path, text) and isinstance(jsonfiles.parse(text, shown(path)), dict):
        return list(read_counts(path))
    return _stripped(jsonfiles.texts(path, "one label a line, or a JSON list of labels"), shown(path))


def _stripped(labels: list[str], where: str) -> list[str]:
    """Return labels without the blanks around them, none of them empty and each once."""
    seen: set[str] = set()
    for number, label in enumerate(map(str.strip, labels), 1):
        if not label:
            raise UserError(where, f"label {number} is empty", "a label's text")
        if label in seen:
            raise UserError(where, f"label '{label}' stands twice", "each label once")
        seen.add(label)
    return [label.strip() for label in labels]
