"""One job's folder: shards appended as they are made, the result written last and atomically.

<out>/<suite>/<task>/<model>/<method>/
    .lock                 held by the process that writes here
    run.json              which question, code and files the shards belong to
    predictions/00000.*   the task type's own format
    partial-00001.*       the shard in progress, where one takes long
    prompts.json          the texts that the model was given (see `zsbench.run._prompts`)
    notes.json cost.json  choices made and cost paid so far
    progress.json         how many items there are, and how many go into a shard
    items.parquet         per-item statistics of every metric
    result.json           present only when everything before it is complete
"""

from __future__ import annotations

import json
import logging
import os
import stat as stat_module
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from zsbench.core import files
from zsbench.core.errors import RunError, UserError, UserErrors
from zsbench.core.records import SCHEMA_VERSION, Cost, canonical_json, digest, digest_file
from zsbench.core.yamlio import shown
from zsbench.plan.identity import Asked
from zsbench.results import order, progress, schema, written
from zsbench.results.items import is_whole

log = logging.getLogger(__name__)

_HASHED_UP_TO = 64 << 20
SHARDS = written.SHARDS
_PROGRESS = ("notes.json", "prompts.json", "cost.json", progress.NAME)


class Store:
    """Reads and writes the files of one job."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self.folder, self.suffix = folder, suffix

    def finished(self, asked: Asked) -> dict[str, Any] | None:
        """Return the result when it answers this very question, by this very code, over these very files, else None."""
        path = self.folder / "result.json"
        if not path.is_file():
            return None
        try:
            result = read_result(path)
        except DamagedResult as error:
            log.warning("%s; this run writes it anew", error)
            return None
        if (result.get("question"), result.get("code")) != (asked.question, asked.code):
            return None
        if not is_whole(self.folder / "items.parquet"):
            log.warning("%s is missing or damaged; this run writes it anew", shown(self.folder / "items.parquet"))
            return None
        files = [*asked.data_files, *asked.other_files]
        return result if same_inputs(result.get("inputs", []), files) else None

    def open(self, question: str) -> None:
        """Write down whose folder this is, before anything that takes long."""
        if _read_json(self.folder / "run.json") is None:
            files.write_json(self.folder / "run.json", {"question": question})

    def resume(self, identity: dict[str, str], *, fresh: bool) -> int:
        """Return how many complete shards of this run exist; those made by other code or from other files go."""
        if fresh or _read_json(self.folder / "run.json") != identity:
            written.remove_shards(self.folder, self.suffix)
            for name in ("result.json", "items.parquet", *_PROGRESS):
                (self.folder / name).unlink(missing_ok=True)
            files.write_json(self.folder / "run.json", identity)
        count = 0
        while self.shard(count).is_file():
            count += 1
        return count

    def require_own(self, identity: dict[str, str], title: str) -> None:
        """Refuse to go on with shards that belong to another run.

        Raises
        ------
        RunError
            Something else has written into the folder in spite of its lock (a file system without locks).
        """
        if _read_json(self.folder / "run.json") != identity:
            found = f"another run has written into {shown(self.folder)}"
            raise RunError(title, found, "a folder of its own", "--out with another folder")

    def shard(self, number: int) -> Path:
        """Return the path of a shard."""
        return self.folder / SHARDS / f"{number:05d}{self.suffix}"

    def partial(self, number: int) -> Path:
        """Return the path of a shard that is not complete yet."""
        return self.folder / f"partial-{number:05d}{self.suffix}"

    def shards(self) -> list[Path]:
        """Return the shards in order."""
        named = (self.folder / SHARDS).glob(f"*{self.suffix}")
        return sorted(path for path in named if written.is_shard(path.name, (self.suffix,)))

    def notes(self) -> dict[str, Any]:
        """Return the choices that an interrupted run had recorded."""
        return self._kept("notes.json")

    def prompts(self) -> list[str]:
        """Return the texts that an interrupted run had given its model."""
        kept = _read_json(self.folder / "prompts.json")
        return [text for text in kept if isinstance(text, str)] if isinstance(kept, list) else []

    def cost(self) -> Cost:
        """Return what an interrupted run had spent on the predictions that are kept."""
        known = {field.name: type(field.default) for field in fields(Cost)}
        kept: dict[str, Any] = {
            key: value for key, value in self._kept("cost.json").items() if key in known and type(value) is known[key]
        }
        return Cost(**kept)

    def write_progress(self, notes: dict[str, Any], prompts: Iterable[str], cost: Cost) -> None:
        """Keep choices, prompts and cost beside the shards they belong to, so that a resumed run reports them too."""
        rows = (("notes.json", notes), ("prompts.json", list(prompts)), ("cost.json", cost.as_dict()))
        for name, value in rows:
            if value and value != _read_json(self.folder / name):
                files.write_json(self.folder / name, value)

    def _kept(self, name: str) -> dict[str, Any]:
        kept = _read_json(self.folder / name)
        return kept if isinstance(kept, dict) else {}

    def write_items(self, columns: dict[str, Any]) -> None:
        """Write items.parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with files.replacing(self.folder / "items.parquet") as temporary:
            pq.write_table(pa.table(columns), temporary)

    def write_result(self, result: dict[str, Any]) -> None:
        """Write result.json."""
        files.write_json(self.folder / "result.json", {"schema_version": SCHEMA_VERSION, **result})


class DamagedResult(UserError):
    """A result.json that cannot be trusted: cut off, edited, or of another program."""


def _read_json(path: Path) -> Any:
    """Return what a file of a run holds, or None where it is missing or damaged; NaN is None, which is undefined."""
    try:
        text = path.read_bytes()
    except OSError:
        return None
    with suppress(ValueError):  # what is not quite JSON, as NaN, is left to Python's own reader
        return from_json(text, allow_inf_nan=False)
    try:
        return json.loads(text.decode("utf-8"), parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return None


def read_result(path: Path) -> dict[str, Any]:
    """Read a result.json.

    Raises
    ------
    DamagedResult
        Not JSON, or not what `zsbench schema result` describes.
    UserError
        Written by a newer zsbench.
    """
    result = _read_json(path)
    version = result.get("schema_version") if isinstance(result, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        expected = f"at most {SCHEMA_VERSION}; update zsbench, or use another --out"
        raise UserError(shown(path), f"schema version {version}", expected)
    problem = schema.problem(result)
    if problem:
        expected = "a result.json written by `zsbench eval`"
        raise DamagedResult(shown(path), f"not a result ({problem})", expected)
    found: dict[str, Any] = result
    return found


def find_results(folder: Path) -> list[dict[str, Any]]:
    """Return every sound result under a folder, as `located_results` finds them."""
    return [result for _, result in located_results(folder)]


def located_results(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Return (file, result) of every sound result under a folder, in the order of `zsbench eval`.

    Suites follow each other by name, and a suite's averages follow its tasks; what is no sound result is named and left
    out.

    Raises
    ------
    UserError
        No such folder, no result in it, or not one that is sound.
    """
    paths, unfinished = ([folder], []) if folder.is_file() else _found(folder)
    if unfinished:
        what = "run" if len(unfinished) == 1 else "runs"
        log.warning("%d unfinished %s left out (first: %s)", len(unfinished), what, shown(unfinished[0]))
    if not paths:
        problem = "no result.json in it" if folder.is_dir() else "no such folder"
        raise UserError(shown(folder), problem, "a folder written by `zsbench eval --out`")
    results, errors = [], []
    for path in paths:
        try:
            results.append((path, read_result(path)))
        except UserError as error:
            errors.append(error)
    if not results:
        raise UserErrors(errors)
    for damaged in errors:
        log.warning("%s; left out", damaged)
    return order.in_order(results)


def _found(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the results below a folder and the folders of runs without one, both in the order of their names."""
    paths, unfinished = [], []
    for place, folders, names in os.walk(folder):
        if "result.json" in names:
            paths.append(os.path.join(place, "result.json"))
        elif "run.json" in names:
            unfinished.append(place)
        else:
            continue
        # Predictions may be many files, and none of them is a result.
        folders[:] = [name for name in folders if name != SHARDS]
    return [Path(path) for path in sorted(paths)], [Path(place) for place in sorted(unfinished)]


def describe_inputs(paths: Sequence[str]) -> list[dict[str, Any]]:
    """Return path, size, time stamp and (for files up to 64 MB) digest of every input file."""
    rows = []
    for path in _places(paths):
        stat = os.stat(path)
        hashed = stat_module.S_ISREG(stat.st_mode) and stat.st_size <= _HASHED_UP_TO
        content = _content(path, stat.st_size, stat.st_mtime_ns) if hashed else ""
        rows.append({"path": path, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "digest": content})
    return rows


def _places(paths: Iterable[str]) -> list[str]:
    """Return the distinct files in order; a folder is resolved once, however many of its files there are."""
    real = lru_cache(maxsize=None)(os.path.realpath)
    parts = {os.path.split(path) for path in paths}
    return sorted({os.path.join(real(folder or "."), name) for folder, name in parts})


@lru_cache(maxsize=1 << 20)
def _content(path: str, _size: int, _modified: int) -> str:
    """Return the digest of a file's content; jobs of one command that share a file read it once."""
    return digest_file(Path(path))


def digest_inputs(rows: list[dict[str, Any]]) -> str:
    """Return the digest of what `describe_inputs` says of contents: shards made from other files are no beginning."""
    return digest(canonical_json([row["path"], row["size"], row["digest"] or row["mtime_ns"]]) for row in rows)


def same_inputs(recorded: list[dict[str, Any]], paths: Sequence[str]) -> bool:
    """Return whether the files are those of a finished run; contents are read only when time stamps differ."""
    if [row.get("path") for row in recorded] != _places(paths):
        return False
    for row in recorded:
        try:
            stat = os.stat(row["path"])
        except OSError:
            return False
        if (stat.st_size, stat.st_mtime_ns) == (row.get("size"), row.get("mtime_ns")):
            continue
        if stat.st_size != row.get("size") or not row.get("digest"):
            return False
        if _content(row["path"], stat.st_size, stat.st_mtime_ns) != row["digest"]:
            return False
    return True
