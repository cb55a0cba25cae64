"""What `zsbench show` puts into prompts about classes: a class of the task, its sentences, its templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zsbench.config.paths import resolve_path
from zsbench.methods.classification._texts import read_lines


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
