"""Passages, and queries with the candidates that a method orders."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """A passage: its id, its text, and its title where there is one."""

    id: str
    text: str
    title: str = ""

    @property
    def passage(self) -> str:
        """Title and text in one line, as first stages read them."""
        return f"{self.title} {self.text}".strip()


@dataclass(frozen=True)
class RankItem:
    """One query with its candidates in first-stage order, best first; those of a bare pool in no order."""

    id: str
    query: str
    documents: tuple[Document, ...]
