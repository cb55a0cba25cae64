"""Answers that were paid for: each is written down the moment it arrives, and no question deletes that of another.

One SQLite file holds them, keyed by what determines an answer and by nothing else: who was asked, the messages and the
options of generation. How it was asked (how many at a time, time-outs, tries, the key) is no part of the question, so
that a changed option of this kind, another limit, method or command finds every answer again. Processes share the file.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

from zsbench.core.errors import UserError, shown
from zsbench.core.records import digest

FILE = "answers.sqlite"
_PATIENCE = 60.0
"""Seconds to wait for another process that writes."""
_TABLE = """
create table if not exists answers (
    key text primary key, endpoint text not null, model text not null, who text not null, asked text not null,
    answer text not null, arrived text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
)
"""


def key_of(endpoint: str, model: str, who: str, question: dict[str, Any]) -> str:
    """Return the digest under which an answer stands.

    Parameters
    ----------
    endpoint : the address, with the path of the interface.
    model : the model's name there.
    who : what the endpoint says it serves under that name; empty where it does not say.
    question : messages, options of generation and, where one question is asked several times, which time it is.
    """
    return digest([endpoint, model, who, json.dumps(question, sort_keys=True, ensure_ascii=True)])


class AnswerStore:
    """The answers in one folder; safe to call from several threads.

    Parameters
    ----------
    folder : where the file lies; None keeps answers for the life of the process alone.
    read : False asks everything again, once, and replaces what is there.

    Raises
    ------
    UserError
        The folder cannot be written, or the file is something else.
    """

    def __init__(self, folder: Path | None, *, read: bool = True) -> None:
        self._read, self._lock = read, threading.Lock()
        self._held: dict[str, Any] = {}  # without a file
        self._written: set[str] = set()
        self._file: sqlite3.Connection | None = None
        if folder is None:
            return
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False, isolation_level=None)
            self._file.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                shown(path), f"cannot be used ({error})", "a store of answers, or a folder to write one in"
            ) from None

    def get(self, key: str) -> Any:
        """Return a stored answer as the endpoint gave it, or None."""
        with self._lock:
            if self._file is None:
                return self._held.get(key)
            if not self._read and key not in self._written:
                return None
            row = self._file.execute("select answer from answers where key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, key: str, endpoint: str, model: str, who: str, question: dict[str, Any], answer: Any) -> None:
        """Keep an answer; it is on the disk when this returns."""
        row = (key, endpoint, model, who, json.dumps(question), json.dumps(answer))
        with self._lock:
            if self._file is None:
                self._held[key] = answer
                return
            columns = "key, endpoint, model, who, asked, answer"
            self._file.execute(f"insert or replace into answers ({columns}) values (?, ?, ?, ?, ?, ?)", row)
            self._written.add(key)

    def last_who(self, endpoint: str, model: str) -> str:
        """Return what an endpoint served under a name when the latest of its answers came; empty without any."""
        if self._file is None:
            return ""
        ordered = "select who from answers where endpoint = ? and model = ? order by rowid desc limit 1"
        with self._lock:
            row = self._file.execute(ordered, (endpoint, model)).fetchone()
        return row[0] if row else ""

    def __len__(self) -> int:
        """Return how many answers there are."""
        with self._lock:
            if self._file is None:
                return len(self._held)
            [count] = self._file.execute("select count(*) from answers").fetchone()
        return int(count)
