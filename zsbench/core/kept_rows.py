"""Rows that are kept one by one: any subset of what was ever computed is found again.

One folder holds the rows of one kind (one model, one dtype) in blocks. A block is an entry of the store whose rows
have a key each, the digest of what the row was computed from; the keys stand before the rows:

    header line (dtype, shape [n_rows, width], checksum)    n_rows keys of 16 bytes    n_rows rows

Blocks are named by their keys and rows, so several processes may add to a folder at once. Where a key stands in two
blocks, the newer one counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from zsbench.core.lazy import FloatArray, np

ROWS = 4096
"""Rows that are computed and written at a time: more is lost when a run is killed, less makes many files."""

KEY_BYTES = 16

Compute = Callable[[list[int]], FloatArray]


class Blocks:
    """The rows of one folder.

    Parameters
    ----------
    folder : where the blocks lie; it need not exist.
    read : False finds only what this object has written itself.
    load : path -> (keys, rows) of a sound block, or None.
    store : (path, keys, rows) writes a block.
    """

    def __init__(
        self,
        folder: Path,
        *,
        read: bool,
        load: Callable[[Path], tuple[bytes, FloatArray] | None],
        store: Callable[[Path, bytes, FloatArray], None],
    ) -> None:
        self._folder, self._read, self._load, self._store = folder, read, load, store
        self._listed: set[str] = set()
        self._misses = 0
        self._block_of: dict[bytes, Path] = {}

    def rows(self, names: Sequence[str], compute: Compute) -> tuple[FloatArray, int]:
        """Return the rows (n, width) of n >= 1 distinct names, and how many of them were kept.

        Parameters
        ----------
        names : each says everything that its row is computed from, beside what all rows of the folder share.
        compute : takes places in `names`, at most `ROWS`, and returns their rows.
        """
        keys = [blake2b(name.encode(errors="surrogatepass"), digest_size=KEY_BYTES).digest() for name in names]
        parts = self._kept(keys)
        n_kept = sum(len(places) for places, _ in parts)
        missing = sorted(set(range(len(keys))).difference(*(places for places, _ in parts)))
        for start in range(0, len(missing), ROWS):
            places = missing[start : start + ROWS]
            parts.append((places, np.ascontiguousarray(compute(places))))
            self._add([keys[place] for place in places], parts[-1][1])
        return _in_order(parts, len(keys)), n_kept

    def _kept(self, keys: Sequence[bytes]) -> list[tuple[list[int], FloatArray]]:
        """Return (places in `keys`, their rows) from each sound block that holds some of them."""
        if self._read and not all(key in self._block_of for key in keys):
            self._misses += 1
            # Another process may have added some; a folder of many blocks is not listed for each item.
            if self._misses * 64 >= len(self._listed):
                self._list()
        places_in: dict[Path, list[int]] = {}
        for place, key in enumerate(keys):
            if key in self._block_of:
                places_in.setdefault(self._block_of[key], []).append(place)
        parts = []
        for path, places in places_in.items():
            block = self._load(path)
            if block is None:
                self._block_of = {key: of for key, of in self._block_of.items() if of != path}
                continue
            row_of = {key: row for row, key in enumerate(_split(block[0]))}
            places = [place for place in places if keys[place] in row_of]
            wanted = [row_of[keys[place]] for place in places]
            rows = block[1]
            parts.append((places, rows if wanted == list(range(len(rows))) else rows[wanted]))
        return parts

    def _list(self) -> None:
        """Note the keys of blocks that were not there before, those of the newest last."""
        self._misses = 0
        try:
            with os.scandir(self._folder) as entries:
                new = [entry for entry in entries if entry.name.endswith(".arr") and entry.name not in self._listed]
                dated = sorted((entry.stat().st_mtime_ns, entry.name) for entry in new)
        except OSError:
            return
        for _, name in dated:
            self._listed.add(name)
            self._block_of |= dict.fromkeys(self._keys(self._folder / name), self._folder / name)

    def _keys(self, path: Path) -> list[bytes]:
        """Return the keys of a block, which are checked only when it is loaded."""
        try:
            with path.open("rb") as handle:
                header: Any = json.loads(handle.readline())
                return _split(handle.read(KEY_BYTES * header["shape"][0]))
        except OSError:
            return []
        except (ValueError, KeyError, TypeError, IndexError, RecursionError, OverflowError, MemoryError):
            self._load(path)  # which says what is wrong with it
            return []

    def _add(self, keys: Sequence[bytes], rows: FloatArray) -> None:
        held = b"".join(keys)
        state = blake2b(held, digest_size=KEY_BYTES)
        state.update(rows.data)
        path = self._folder / f"{state.hexdigest()}.arr"
        self._store(path, held, rows)
        self._listed.add(path.name)
        self._block_of |= dict.fromkeys(keys, path)


def _split(keys: bytes) -> list[bytes]:
    return [keys[start : start + KEY_BYTES] for start in range(0, len(keys), KEY_BYTES)]


def _in_order(parts: Sequence[tuple[list[int], FloatArray]], n_rows: int) -> FloatArray:
    """Return the rows of all parts at their places."""
    places, rows = parts[0]
    if places == list(range(n_rows)):
        return rows
    whole = np.empty((n_rows, *rows.shape[1:]), dtype=rows.dtype)
    for places, rows in parts:
        whole[places] = rows
    return whole
