"""Sentences about classes: read from files, found for every class, averaged class by class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from zsbench.config.paths import resolve_path
from zsbench.core import jsonfiles, textfiles
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.core.listing import files_in
from zsbench.core.yamlio import shown

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
    lines = {file.stem.replace("SLASH", "/"): textfiles.lines(file) for file in files}
    return {name: [line.strip() for _, line in rows if line.strip()] for name, rows in lines.items()}


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
    entries = jsonfiles.read(file, expected, wrong="not a file of sentences", unique=True)
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

    Raises
    ------
    UserError
        Classes without an entry: all in one message, each with the nearest key there is.
    """
    missing = [name for name in dict.fromkeys(class_names) if name not in entries]
    if missing:
        named = ", ".join(_with_nearest(name, entries) for name in missing[:NAMED])
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        raise UserError(
            shown(Path(where)),
            f"nothing for {len(missing)} of {len(set(class_names))} classes: {named}{more}",
            "a key for each class, spelled as the task spells it",
        )
    return [entries[name] for name in class_names]


def sentences_of(path: str, class_names: Sequence[str]) -> list[list[str]]:
    """Return every class's sentences from a file or folder, in label order; see `read_sentences` and `of_classes`."""
    return of_classes(read_sentences(path), class_names, path)


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


def owners(texts: Sequence[Sequence[str]]) -> IntArray:
    """Return the class of each text (n_texts,) when the texts of all classes stand one after another."""
    return np.repeat(np.arange(len(texts)), [len(row) for row in texts])


def by_class(owner: Any) -> tuple[IntArray, IntArray]:
    """Return the order that puts rows of one class side by side, and where each class starts in it (n_classes,).

    Raises
    ------
    ValueError
        A class below the largest number has no row.
    """
    order = np.argsort(owner, kind="stable")
    classes, first = np.unique(np.asarray(owner)[order], return_index=True)
    if len(classes) != classes[-1] + 1:
        raise ValueError(f"class {int(np.setdiff1d(np.arange(classes[-1]), classes)[0])} has no text")
    return order, first


def mean_per_class(values: Any, owner: Any, *, axis: int = 0) -> DoubleArray:
    """Return the mean over the texts of each class, in float64; every text counts once.

    Parameters
    ----------
    values : an array with one entry a text along `axis`.
    owner : (n_texts,) class of each text.
    axis : becomes the axis of classes.
    """
    order, first = by_class(owner)
    sums = np.add.reduceat(np.take(values, order, axis=axis), first, axis=axis, dtype=np.float64)
    counts = np.diff(first, append=len(order))
    return np.asarray(sums / np.expand_dims(counts, 1 - axis), dtype=np.float64)


def known(options: Mapping[str, Any], key: str, read: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return what an option's file holds, for `zsbench show`; {} where no such file is known there."""
    if not isinstance(options.get(key), str):
        return {}
    path = resolve_path(options[key], Path())
    return read(str(path)) if path.exists() else {}


def first_class(task: Mapping[str, Any], entries: Mapping[str, Any]) -> str:
    """Return the class whose prompts `zsbench show` prints: the task's first, else the file's first."""
    names = task.get("classes")
    if isinstance(names, str):
        names = read_lines(str(resolve_path(names, Path()))) if names.startswith("asset:") else None
    names = list(names.values()) if isinstance(names, dict) else names
    return str([*(names or entries), "<class>"][0])


def templates_of(task: Mapping[str, Any]) -> list[str]:
    """Return a task's templates for `zsbench show`; a stand-in where they come with the data."""
    written = task.get("templates")
    return list(written) if isinstance(written, list) and written else ["<template of {}>"]
