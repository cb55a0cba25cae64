"""Sentences about classes, read from files and found for every class."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.core.listing import files_in
from zsbench.core.yamlio import shown
from zsbench.data.unmatched_names import unmatched

if TYPE_CHECKING:
    from zsbench.methods.classification import Encoder

NAMED = 20
"""So many missing classes are named in a message; the others are counted."""


def read_sentences(path: str) -> dict[str, list[str]]:
    """Return {class name: sentences} from a JSON file, or from a folder with one `<class>.txt` a class.

    In file names `SLASH` stands for `/`; blank lines of text files are skipped.

    Raises
    ------
    UserError
        No such file, not JSON, a class that stands twice, a sentence that is no text or blank.
    """
    root = Path(path)
    if not root.is_dir():
        return _checked(_read_json(root), root)
    files = files_in(root, {".txt"}).files
    if not files:
        raise UserError(shown(root), "no .txt files", "a folder with one `<class>.txt` a class")
    return {file.stem.replace("SLASH", "/"): jsonfiles.texts(file) for file in files}


def read_names(path: str) -> dict[str, str]:
    """Return {class name: other name} from a JSON file.

    Raises
    ------
    UserError
        No such file, not JSON, a class that stands twice, a name that is no text or blank.
    """
    texts = {name: [other] for name, other in _read_json(Path(path)).items()}
    return {name: other for name, [other] in _checked(texts, Path(path)).items()}


def _read_json(file: Path) -> dict[str, Any]:
    expected = "a JSON object with one key a class"
    entries = jsonfiles.read(file, expected, wrong="not a file of sentences")
    if not isinstance(entries, dict):
        raise UserError(shown(file), "not a JSON object", expected)
    return entries


def _checked(entries: Mapping[str, Any], file: Path) -> dict[str, list[str]]:
    for name, texts in entries.items():
        if not isinstance(texts, list):
            raise UserError(shown(file), f"class '{name}' has no list", "a list of sentences for every class")
        if not all(isinstance(text, str) and text.strip() for text in texts):
            raise UserError(shown(file), f"class '{name}' has an entry that is blank or no text", "texts")
    return dict(entries)


def read_lines(value: list[str] | str) -> list[str]:
    """Return distinct texts, in order, written as a list or in a file (one a line, or a JSON list).

    Raises
    ------
    UserError
        No such file, not a list of texts.
    """
    if isinstance(value, str):
        value = jsonfiles.texts(Path(value))
    return list(dict.fromkeys(value))


def of_classes(entries: Mapping[str, Any], class_names: Sequence[str], where: str) -> list[Any]:
    """Return the entry of every class, in label order; classes of one name share theirs.

    A class without an entry of its very name takes the only one whose name differs in blanks alone, `_` being one.

    Raises
    ------
    UserError
        Classes without an entry: all in one message, each with the nearest key there is.
    """
    key_of = _keys(entries, class_names)
    missing = [name for name, key in key_of.items() if key is None]
    if missing:
        named = ", ".join(_with_nearest(name, entries) for name in missing[:NAMED])
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        raise UserError(
            shown(Path(where)),
            f"nothing for {len(missing)} of {len(set(class_names))} classes: {named}{more}",
            "a key for each class, spelled as the task spells it",
        )
    return [entries[key_of[name] or name] for name in class_names]


def _keys(entries: Iterable[str], class_names: Sequence[str]) -> dict[str, str | None]:
    """Return the key of the entry that each class takes, None where there is none."""

    def words(name: str) -> tuple[str, ...]:
        return tuple(name.replace("_", " ").split())

    alike: dict[tuple[str, ...], list[str]] = {}
    for key in entries:
        alike.setdefault(words(key), []).append(key)
    found: dict[str, str | None] = {}
    for name in class_names:
        keys = alike.get(words(name), [])
        found[name] = name if name in keys else keys[0] if len(keys) == 1 else None
    return found


def sentences_of(path: str, class_names: Sequence[str]) -> list[list[str]]:
    """Return every class's sentences from a file or folder, in label order; see `read_sentences` and `of_classes`."""
    return of_classes(read_sentences(path), class_names, path)


def unused(entries: Collection[str], class_names: Sequence[str]) -> list[str]:
    """Return the keys that no class takes (`of_classes`)."""
    taken = set(_keys(entries, class_names).values())
    return [key for key in entries if key not in taken]


def note_unused(encoder: Encoder, names: Sequence[str], class_names: Sequence[str]) -> None:
    """Record in the result which names of a file are no class: it may be of more classes, or a name is misspelt."""
    if names:
        encoder.note("names of no class", unmatched(names, class_names, "name", "of no class"))


def require_texts(texts: Sequence[Sequence[str]], class_names: Sequence[str], where: str, what: str) -> None:
    """Refuse a class without any text.

    Raises
    ------
    UserError
        With the first such class.
    """
    for name, of_class in zip(class_names, texts, strict=True):
        if not of_class:
            raise UserError(
                shown(Path(where)) if where else "", f"class '{name}' has no {what}", "at least one a class"
            )


def _with_nearest(name: str, entries: Mapping[str, Any]) -> str:
    near = get_close_matches(name, entries, n=1, cutoff=0.5)
    return f"'{name}' (nearest key: '{near[0]}')" if near else f"'{name}'"
