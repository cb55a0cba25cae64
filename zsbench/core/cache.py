"""The one content-addressed store: arrays by the digest of everything they depend on.

An entry is one file, `<root>/<2 hex>/<digest>.arr`: a JSON header line (dtype, shape, checksum of these and the bytes),
then the bytes. It is written atomically and checked when read; a damaged entry is taken away and computed again, never
trusted. Arrays whose rows are computed each from an item of its own are kept row by row, in a folder of blocks.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.kept_rows import Blocks, Compute
from zsbench.core.lazy import FloatArray, np
from zsbench.core.records import canonical_json, digest

log = logging.getLogger(__name__)


def default_root() -> Path:
    """Return $ZSBENCH_CACHE, else the user's cache folder."""
    given = os.environ.get("ZSBENCH_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else base / "zsbench"


_current: Cache | None = None


def current() -> Cache:
    """Return the store of the run in progress, or of the last one; before any run, the user's own."""
    return _current or Cache(default_root())


class Cache:
    """Arrays on disk, addressed by what they were computed from.

    Parameters
    ----------
    root : folder of the store; None keeps nothing.
    read : False computes everything again, once, and overwrites (`--fresh`).

    Attributes
    ----------
    memory : what callers keep for the life of the store, by their own keys.
    """

    def __init__(self, root: Path | None, *, read: bool = True) -> None:
        self.root, self.read = root, read
        self.memory: dict[str, Any] = {}
        self._written: set[Path] = set()
        self._blocks: dict[Path, Blocks] = {}
        self._damaged = False

    def use(self) -> None:
        """Make this the store that `current()` returns from now on."""
        global _current
        _current = self

    def array(self, key: Sequence[str], compute: Callable[[], FloatArray]) -> FloatArray:
        """Return the array stored under `key`, or compute, store and return it.

        Parameters
        ----------
        key : every input of the computation as text: what is computed and its code version, the model's
            fingerprint, the data's digest, preprocessing, dtype.
        compute : called without arguments when there is no sound entry.
        """
        if self.root is None:
            return np.ascontiguousarray(compute())
        path = self._place(key).with_suffix(".arr")
        entry = self._load(path) if self.read or path in self._written else None
        if entry is not None:
            return entry[1]
        value = np.ascontiguousarray(compute())
        self._store(path, b"", value)
        self._written.add(path)
        return value

    def rows(self, key: Sequence[str], names: Sequence[str], compute: Compute) -> tuple[FloatArray, int]:
        """Return one row for each of n >= 1 distinct names (n, width), and how many of them were not computed now.

        Parameters
        ----------
        key : what all rows depend on, as in `array`.
        names : what each row depends on beside the key, such as the digest of an image.
        compute : takes places in `names`, those without a sound row, and returns their rows; called for some
            thousand at a time.
        """
        if self.root is None:
            return np.ascontiguousarray(compute(list(range(len(names))))), 0
        folder = self._place(key)
        if folder not in self._blocks:
            self._blocks[folder] = Blocks(folder, read=self.read, load=self._load, store=self._store)
        return self._blocks[folder].rows(names, compute)

    def _place(self, key: Sequence[str]) -> Path:
        assert self.root is not None
        name = digest(key)
        return self.root / name[:2] / name

    def _load(self, path: Path) -> tuple[bytes, FloatArray] | None:
        """Return the keys (none for a whole array) and the array of an entry, or None where there is no sound one."""
        try:
            raw = path.read_bytes()
        except OSError:
            return None
        try:
            line, _, body = raw.partition(b"\n")
            header: dict[str, Any] = json.loads(line)
            if "checksum" not in header and "sha256" in header:
                return None  # written before the checksum covered the header
            if header["checksum"] != _checksum(header["dtype"], header["shape"], body):
                raise ValueError("the checksum differs")
            dtype, shape = np.dtype(header["dtype"]), header["shape"]
            start = len(body) - dtype.itemsize * math.prod(shape)
            value: FloatArray = np.frombuffer(body, dtype=dtype, offset=start).reshape(shape).copy()
            return body[:start], value
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            # Said once a store: where one entry is damaged, thousands may be.
            log.log(
                logging.DEBUG if self._damaged else logging.WARNING,
                "cache entry %s is damaged (%s); computed again, as any other damaged one",
                path,
                error,
            )
            self._damaged = True
            with suppress(OSError):
                path.unlink(missing_ok=True)
            return None

    def _store(self, path: Path, keys: bytes, value: FloatArray) -> None:
        if self.root is None:
            return
        body, dtype, shape = keys + value.tobytes(), value.dtype.str, list(value.shape)
        header = {"dtype": dtype, "shape": shape, "checksum": _checksum(dtype, shape, body)}
        try:
            files.write_bytes(path, json.dumps(header).encode() + b"\n" + body)
        except UserError as error:
            log.warning("the cache is not used: %s", error)
            self.root = None


def _checksum(dtype: Any, shape: Any, body: bytes) -> str:
    """Return the checksum of an entry: bytes mean another array under another dtype or shape."""
    state = hashlib.sha256(canonical_json([dtype, shape]).encode() + b"\n")
    state.update(body)
    return state.hexdigest()
