"""The one content-addressed store: arrays by the digest of everything they depend on.

An entry is one file, `<root>/<2 hex>/<digest>.arr`: a JSON header line (dtype, shape, checksum of these and the bytes),
then the bytes. It is written atomically and checked when read; a damaged entry is computed again, never trusted.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from zsbench.core import files
from zsbench.core.errors import UserError
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
        self._own: set[Path] = set()
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
        path = self._path(key)
        found = self._load(path) if path is not None and (self.read or path in self._own) else None
        if found is not None:
            return found
        value = np.ascontiguousarray(compute())
        if path is not None:
            self._store(path, value)
            self._own.add(path)
        return value

    def _path(self, key: Sequence[str]) -> Path | None:
        name = digest(key)
        return None if self.root is None else self.root / name[:2] / f"{name}.arr"

    def _load(self, path: Path) -> FloatArray | None:
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
            found: FloatArray = np.frombuffer(body, dtype=header["dtype"]).reshape(header["shape"]).copy()
            return found
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            # Said once a store: where one entry is damaged, thousands may be.
            log.log(
                logging.DEBUG if self._damaged else logging.WARNING,
                "cache entry %s is damaged (%s); computed again, as any other damaged one",
                path,
                error,
            )
            self._damaged = True
            return None

    def _store(self, path: Path, value: FloatArray) -> None:
        body, dtype, shape = value.tobytes(), value.dtype.str, list(value.shape)
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
