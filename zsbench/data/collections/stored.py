"""Documents that stay where they are until somebody asks: a mapping over a document store.

A run or a pool of candidates needs some thousand of the millions of passages of MS MARCO; BM25 and dense search need
all of them. Asking for single documents reads those; going through all of them loads the collection once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from zsbench.core.records import digest

if TYPE_CHECKING:
    from zsbench.data.collections.documents import Document


class Stored(Mapping[str, "Document"]):
    """A read-only {id: document} over a store.

    Parameters
    ----------
    name : what identifies the store's content.
    get_many : ids -> the documents among them that exist.
    read_all : every document, in the collection's order.
    """

    def __init__(
        self,
        name: str,
        get_many: Callable[[list[str]], Iterable[Document]],
        read_all: Callable[[], dict[str, Document]],
    ) -> None:
        self.name = name
        self._get_many, self._read_all = get_many, read_all
        self._known: dict[str, Document | None] = {}
        self._all: dict[str, Document] | None = None

    def fetch(self, ids: Iterable[str]) -> None:
        """Read many documents in one go; ids that do not exist are remembered as such."""
        if self._all is not None:
            return
        wanted = [key for key in dict.fromkeys(ids) if key not in self._known]
        if wanted:
            self._known |= dict.fromkeys(wanted)
            self._known |= {document.id: document for document in self._get_many(wanted)}

    def changed(self, change: Callable[[Document], Document]) -> Stored:
        """Return the same store with every document changed when it is read."""
        get_many, read_all = self._get_many, self._read_all
        return Stored(
            self.name,
            lambda ids: map(change, get_many(ids)),
            lambda: {key: change(document) for key, document in read_all().items()},
        )

    def __getitem__(self, key: str) -> Document:
        self.fetch([key])
        document = self._read().get(key)
        if document is None:
            raise KeyError(key)
        return document

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())

    def __bool__(self) -> bool:
        return True

    def _loaded(self) -> dict[str, Document]:
        if self._all is None:
            self._all, self._known = self._read_all(), {}
        return self._all

    def _read(self) -> Mapping[str, Document | None]:
        """Return what has been read so far; None for an id that does not exist."""
        return self._known if self._all is None else self._all

    def fingerprint(self) -> str:
        """Return the digest of the store's name and of the documents read from it."""
        texts = (f"{key}\0{d.title}\0{d.text}" for key, d in sorted(self._read().items()) if d is not None)
        return digest([self.name, digest(texts)])
