"""Captions of a shard, a block at a time, with their ids: what `zsbench frequency count` reads, images left alone.

A shard is one file: .parquet, .csv, .tsv, .jsonl, .txt (one caption a line), each of the last four also as .gz or .zst,
or .tar (webdataset: members KEY.txt, one caption each). A caption is a text, null, or already parsed: a list of
[lemma, part of speech].
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zsbench.core import files, jsonfiles, tablefiles, textfiles
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.core.listing import files_below
from zsbench.core.words import number_of

BLOCK = 4096
"""Captions of a block: few enough that its arrays take memory that was used before, rather than new pages each time."""
COLUMNS = ("caption", "text", "alt_text")
"""Columns, keys and members of a shard that hold captions, in any letter case, where none is named."""
KINDS = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson", ".txt", ".tar")
_PACKED = (".gz", ".zst")


@dataclass(frozen=True)
class Columns:
    """Where a caption and its id stand: names, or, in a .csv or .tsv without a header, numbers from 0 on."""

    caption: str | None = None
    id: str | None = None


@dataclass
class Block:
    """Captions that follow one another in a shard, and their ids where a column holds them."""

    captions: list[Any]
    ids: list[str] | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    """What the shard holds beside captions, by name."""


def shards_of(paths: Iterable[Path]) -> list[Path]:
    """Return the shards that paths name, each file itself and the shards below each folder by name.

    Raises
    ------
    UserError
        There is nothing, a folder without shards, a file of another kind, a file twice.
    """
    shards: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = files_below(path, {*KINDS, *_PACKED}).files
            found = [file for file in below if kind_of(file) in KINDS]
            if not found:
                raise UserError(shown(path), "a folder without captions", f"files {', '.join(KINDS)}")
            shards += found
        else:
            files.require_file(path, "a file of captions or a folder of such files")
            if kind_of(path) not in KINDS:
                raise UserError(shown(path), f"a file '{kind_of(path) or path.name}'", f"one of {', '.join(KINDS)}")
            shards.append(path)
    twice = [path for path, n in Counter(path.resolve() for path in shards).items() if n > 1]
    if twice:
        raise UserError(shown(twice[0]), "named twice", "each file of captions once")
    return shards


def kind_of(path: Path) -> str:
    """Return the suffix that says how a shard is read, without that of its packing."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def blocks(shard: Path, columns: Columns = Columns(), size: int = BLOCK) -> Iterator[Block]:
    """Yield the captions of a shard in its order.

    Raises
    ------
    UserError
        No column of captions or ids, a caption that is neither text nor null nor parsed, a missing id, bytes that are
        not UTF-8, a file that is cut short or damaged; with file and line, row or member.
    """
    readers: dict[str, Callable[[Path, Columns, int], Iterator[Block]]] = {
        ".parquet": _parquet, ".tar": _tar, ".txt": _text, ".csv": _table, ".tsv": _table
    }  # fmt: skip
    yield from readers.get(kind_of(shard), _objects)(shard, columns, size)


def _text(shard: Path, columns: Columns, size: int) -> Iterator[Block]:
    if columns.caption is not None or columns.id is not None:
        option = "--column" if columns.caption is not None else "--id"
        raise UserError(option, f"{shown(shard)} has no columns", "a table, or JSON lines")
    for _, text in textfiles.blocks(shard):
        lines = text.removesuffix("\n").split("\n")
        yield from (Block(lines[start : start + size]) for start in range(0, len(lines), size))


def _table(shard: Path, columns: Columns, size: int) -> Iterator[Block]:
    delimiter = "\t" if kind_of(shard) == ".tsv" else ","
    rows = tablefiles.cells(shard, delimiter)
    if all(name is None or name.isdigit() for name in (columns.caption, columns.id)) and columns.caption is not None:
        wanted = [int(name) for name in (columns.caption, columns.id) if name is not None]
        cells = _numbered(rows, wanted, shown(shard))
    else:
        header = next(rows, (1, []))[1]
        names = _names([name.strip(textfiles.BLANKS) for name in header], columns, f"{shown(shard)}:1")
        cells = tablefiles.rows(shard, names, delimiter)
    for part in _parts(cells, size):
        # A table cannot tell an empty caption from none.
        captions = [row[0] or None for _, row in part]
        yield Block(captions, _ids([row[1] for _, row in part], shard) if columns.id is not None else None)


def _numbered(
    rows: Iterable[tuple[int, list[str]]], wanted: Sequence[int], where: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield cells of rows without a header, by their numbers."""
    for number, row in rows:
        if max(wanted) >= len(row):
            raise UserError(
                f"{where}:{number}", number_of(len(row), "column"), f"a column {max(wanted)}, counted from 0"
            )
        yield number, [row[column] for column in wanted]


def _objects(shard: Path, columns: Columns, size: int) -> Iterator[Block]:
    lines = jsonfiles.lines(shard, {})
    opening = next(lines, None)
    if opening is None:
        return
    names = _names(list(opening[1]), columns, f"{shown(shard)}:{opening[0]}")
    for part in _parts(itertools.chain([opening], lines), size):
        for number, row in part:
            for name in names:
                if name not in row:
                    hint = did_you_mean(name, row) or f"keys: {', '.join(row) or 'none'}"
                    raise UserError(f"{shown(shard)}:{number}", f"key '{name}' is missing", "", hint)
        captions = _checked([row[names[0]] for _, row in part], f"{shown(shard)}:", [number for number, _ in part])
        yield Block(captions, _ids([row[names[1]] for _, row in part], shard) if len(names) > 1 else None)


def _parquet(shard: Path, columns: Columns, size: int) -> Iterator[Block]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    done = 0
    try:
        with pq.ParquetFile(shard) as file:
            names = _names(file.schema_arrow.names, columns, shown(shard))
            for batch in file.iter_batches(size, columns=names):
                captions, *rest = (_values(batch.column(name)) for name in names)
                checked = _checked(captions, f"{shown(shard)}: row ", range(done, done + len(captions)))
                yield Block(checked, _ids(rest[0], shard) if rest else None)
                done += len(captions)
    except UnicodeDecodeError as error:
        found = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        where = f"{shown(shard)}: one of the rows {done} to {done + size - 1}"
        raise UserError(where, found, "captions in UTF-8") from None
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise UserError(shown(shard), f"damaged, or not a parquet file ({reason})", "a whole file") from None


def _tar(shard: Path, columns: Columns, size: int) -> Iterator[Block]:
    from zsbench.data.images.tar_members import members_of

    if columns.id is not None:
        raise UserError("--id", f"{shown(shard)} has no columns", "no --id: the keys of its members are the ids")
    wanted, left_out = f".{columns.caption or 'txt'}", Counter[str]()
    samples: dict[str, Any] = {}
    current = ""
    for name, member in members_of(shard, left_out):
        folder, _, base = name.rpartition("/")
        stem, _, suffix = base.partition(".")
        key = f"{folder}/{stem}" if folder else stem
        if key != current and len(samples) >= size:
            yield Block(list(samples.values()), list(samples))
            samples = {}
        current = key
        samples.setdefault(key, None)
        if f".{suffix}" == wanted:
            raw = member.read()
            if len(raw) < member.size:
                raise UserError(shown(shard), f"ends within member '{name}'", "a whole .tar file")
            samples[key] = textfiles.decoded(raw, f"{shown(shard)}: {name}").strip()
    yield Block(list(samples.values()), list(samples), left_out)


def _names(there: Sequence[str], columns: Columns, where: str) -> list[str]:
    """Return the column of captions, and that of ids where one is asked for."""
    caption = columns.caption
    if caption is None:
        known = {name.lower(): name for name in reversed(there)}
        caption = next((known[name] for name in COLUMNS if name in known), None)
    listed = f"columns: {', '.join(there) or 'none'}"
    if caption is None:
        raise UserError(where, "no column of captions", f"one of {', '.join(COLUMNS)}", f"{listed}; --column names it")
    names = [caption, *([columns.id] if columns.id is not None else [])]
    for name in names:
        if name not in there:
            raise UserError(where, f"no column '{name}'", "", did_you_mean(name, there) or listed)
    return names


def _values(column: Any) -> list[Any]:
    """Return the values of a column of a parquet file."""
    import pyarrow as pa

    if pa.types.is_string(column.type):
        with suppress(pa.ArrowException):
            # A third of the time; where bytes are not UTF-8, what follows says which.
            return list(column.to_numpy(zero_copy_only=False))
    return list(column.to_pylist())


def _checked(values: list[Any], where: str, numbers: Sequence[int]) -> list[Any]:
    """Return captions, each a text, null or parsed; `where` and its number say where one stands."""
    if set(map(type, values)) <= {str, type(None)}:
        return values
    return [_caption(value, f"{where}{number}") for value, number in zip(values, numbers, strict=True)]


def _caption(value: Any, where: str) -> Any:
    """Return a caption that is a text, null or parsed."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return textfiles.decoded(value, where)
    if isinstance(value, list) and all(
        isinstance(token, list) and len(token) == 2 and all(isinstance(part, str) for part in token) for token in value
    ):
        return value
    raise UserError(where, f"caption {textfiles.short(value)}", "a text, null, or [[lemma, part of speech], ...]")


def _ids(values: Sequence[Any], shard: Path) -> list[str]:
    for value in values:
        if not isinstance(value, str | int) or value == "":
            raise UserError(shown(shard), f"id {textfiles.short(value)}", "a text or a whole number for each caption")
    return [str(value) for value in values]


def _parts(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rows = iter(rows)
    while part := list(itertools.islice(rows, size)):
        yield part


def expected_number(shard: Path) -> int | None:
    """Return about how many captions a shard holds where that costs nothing to know, for the time that is left."""
    if kind_of(shard) == ".parquet":
        import pyarrow.parquet as pq

        try:
            return int(pq.read_metadata(shard).num_rows)
        except (OSError, ValueError):  # what is wrong with it is said when it is read
            return None
    if kind_of(shard) == ".tar" or shard.suffix.lower() in _PACKED:
        return None
    _, raw = next(textfiles.raw_blocks(shard), (1, b""))
    return int(raw.count(b"\n") * shard.stat().st_size / len(raw)) if raw else 0
