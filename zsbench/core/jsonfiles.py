"""JSON from files: one value, one object a line, or a list of texts; every error names the file and the line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from zsbench.core import textfiles
from zsbench.core.errors import UserError, kind_of, shown

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_OPENING = re.compile(r'\s*([\[{]\s*"|\[\s*\]\s*\Z)')  # `{}` opens a template
_KINDS = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}


def read(path: Path, expected: str = "JSON", *, wrong: str = "not valid JSON") -> Any:
    """Return what a JSON file holds; NaN and infinities, which JSON does not have, are None.

    Parameters
    ----------
    path : the file, plain or packed.
    expected : what it should hold, for messages.
    wrong : what it is when it is no JSON.

    Raises
    ------
    UserError
        No such file, not text, not JSON, a key that stands twice in an object, half of a character (`"\\ud800"`); with
        file and line.
    """
    return parse(textfiles.read(path), shown(path), expected, wrong=wrong)


def lines(path: Path, required: dict[str, type], *, finite: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSONL file whose objects hold the required keys with the right types.

    Parameters
    ----------
    path, required : the file, and the type of each key that an object has to have.
    finite : NaN and infinities are errors and not None, where None is something that an object may say.

    Raises
    ------
    UserError
        A line is no JSON object, lacks a key or holds another type there; what `read` refuses.
    """
    name, scan = shown(path), _SCAN_FINITE if finite else _SCAN
    for number, line in textfiles.lines(path):
        if not line or line.isspace():
            continue
        try:
            row, end = scan(line, 0)
        except (StopIteration, ValueError, RecursionError):
            row, end = None, -1
        if end != len(line) or "\\u" in line:
            row = parse(line, f"{name}:{number}", "one object a line", finite=finite)
        if not isinstance(row, dict):
            raise UserError(f"{name}:{number}", kind_of(row), "one object a line")
        _require(row, required, f"{name}:{number}")
        yield number, row


def entries(path: Path, required: dict[str, type]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, object) of a file that holds a JSON list of objects, or one object a line; errors as `lines`."""
    name = shown(path)
    opening = next((line.lstrip() for _, line in textfiles.lines(path) if line.strip()), "")
    if not opening.startswith("["):
        yield from ((f"{name}:{number}", row) for number, row in lines(path, required))
        return
    for number, row in enumerate(read(path, "a JSON list of objects")):
        where = f"{name}: entry {number}"
        if not isinstance(row, dict):
            raise UserError(where, kind_of(row), "an object")
        _require(row, required, where)
        yield where, row


def texts(path: Path, expected: str = "one text a line, or a JSON list of texts") -> list[str]:
    """Return the texts of a file: a JSON list, or one a line without the blanks around it.

    A file is JSON that is named so (`.json`) or whose text opens as a list of texts or an object does (`["`, `{"`).

    Raises
    ------
    UserError
        Not a list of texts, or an empty one; what `read` refuses.
    """
    text = textfiles.read(path)
    if holds_json(path, text):
        listed = parse(text, shown(path), expected)
    else:
        listed = [line.strip() for line in text.split("\n") if line.strip()]
    if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
        raise UserError(shown(path), "not a list of texts" if listed else "no texts", expected)
    return listed


def holds_json(path: Path, text: str) -> bool:
    """Say whether the text of a file that may also hold one text a line is JSON."""
    return ".json" in path.suffixes or _OPENING.match(text) is not None


def parse(
    text: str,
    where: str,
    expected: str = "JSON",
    *,
    wrong: str = "not valid JSON",
    unique: bool = True,
    finite: bool = False,
) -> Any:
    """Return the value of a JSON text that was read elsewhere; `where` names it.

    Options and errors as `read`, and `finite` as `lines` has it. Without `unique` the last of two equal keys counts:
    what a model wrote is no file that somebody could mend.
    """
    try:
        value = (_FINITE if finite else _UNIQUE if unique else _PLAIN).decode(text)
        if "\\u" in text and _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        place = where if error.lineno == 1 else f"{where}:{error.lineno}"
        raise UserError(place, f"{wrong} ({error.msg})", expected) from None
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        place = f"{where}:{text[: text.lower().find(half)].count(chr(10)) + 1}" if "\n" in text else where
        raise UserError(place, f"'{half}', half of a character", "UTF-16 pairs, or the character itself") from None
    except RecursionError:
        raise UserError(where, f"{wrong} (nested too deeply)", expected) from None
    except _Repeated as error:
        raise UserError(place_of_key(where, text, error.key, last=True), f"{wrong} ({error})", expected) from None
    except _Undefined as error:
        raise UserError(where, f"{error}, which JSON does not have", "a number, or null where there is none") from None
    except ValueError as error:
        reason = "a number of thousands of digits" if "digits" in str(error) else str(error)
        raise UserError(where, f"{wrong} ({reason})", expected) from None
    return value


def place_of_key(where: str, text: str, key: str, *, last: bool = False) -> str:
    """Return `where` with the line on which a key of a JSON text stands, the first or the last time.

    A text of one line is named without it, and so is one that spells the key with escapes that nobody needs.
    """
    keys = list(_written(key).finditer(text)) if "\n" in text else []
    return f"{where}:{text.count(chr(10), 0, keys[-1 if last else 0].start()) + 1}" if keys else where


def place_of_keys(where: str, text: str, keys: Sequence[str]) -> str:
    """Return `where` with the line of the last of some keys, each looked for after the one before."""
    start = 0
    for key in keys if "\n" in text else ():
        found = _written(key).search(text, start)
        if found is None:
            break
        start = found.end()
    return f"{where}:{text.count(chr(10), 0, start) + 1}" if start else where


def _written(key: str) -> re.Pattern[str]:
    spelled = sorted({json.dumps(key), json.dumps(key, ensure_ascii=False)})
    return re.compile("|".join(rf"{re.escape(each)}\s*:" for each in spelled))


def spelled(value: Any, limit: int = 60) -> str:
    """Return a value as a message shows it, spelt as in the file: `null`, not `None`."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= limit else f"{text[:limit]}..."


class _Repeated(ValueError):
    """A key stands twice in one object."""

    def __init__(self, key: str) -> None:
        super().__init__(f"key '{key}' stands twice")
        self.key = key


class _Undefined(ValueError):
    """NaN or an infinity."""


def _refused(constant: str) -> Any:
    raise _Undefined(constant)


def _require(row: dict[str, Any], required: dict[str, type], where: str) -> None:
    for key, kind in required.items():
        if not isinstance(row.get(key), kind):
            problem = f"key '{key}' is {spelled(row[key])}" if key in row else f"key '{key}' is missing"
            raise UserError(where, problem, _KINDS.get(kind, f"a {kind.__name__}"))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Repeated(next(key for key in keys if keys.count(key) > 1))
    return mapping


# NaN passes comparisons that should refuse it (`scale <= 0`); None is a number nowhere.
_PLAIN = json.JSONDecoder(parse_constant=lambda _: None)
_UNIQUE = json.JSONDecoder(parse_constant=lambda _: None, object_pairs_hook=_without_repeats)
_FINITE = json.JSONDecoder(parse_constant=_refused, object_pairs_hook=_without_repeats)
_SCAN: Any = _UNIQUE.scan_once  # type: ignore[attr-defined]  # without what `decode` does before and after
_SCAN_FINITE: Any = _FINITE.scan_once  # type: ignore[attr-defined]
