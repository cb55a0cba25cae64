"""One count from its files to its files: what `zsbench frequency count` does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from zsbench.analysis.frequency.counting import captions, index, joint, shards, written
from zsbench.analysis.frequency.counting.captions import Columns
from zsbench.analysis.frequency.counting.concepts import read_concepts
from zsbench.analysis.frequency.counting.places import Places
from zsbench.analysis.frequency.counting.searches import Search
from zsbench.analysis.frequency.counting.tags import THRESHOLD, read_tags
from zsbench.analysis.frequency.counting.tallies import ConceptCount, Tally
from zsbench.core import files, outputs
from zsbench.core.errors import UserError, UserErrors, shown

_MANY = 10_000


@dataclass(frozen=True)
class Request:
    """What is asked, as the options of `zsbench frequency count` say it."""

    captions: Sequence[Path]
    concepts: Path
    out: Path
    search: Search = field(default_factory=Search)
    columns: Columns = field(default_factory=Columns)
    skip_damaged: bool = False
    index: Path | None = None
    tags: tuple[Path, ...] = ()
    tag_threshold: float = THRESHOLD
    corpus_size: str | None = None
    cooccurrences: Path | None = None
    synonym_counts: Path | None = None

    @property
    def places(self) -> Places:
        """The files to write."""
        further = tuple(path for path in (self.cooccurrences, self.synonym_counts) if path is not None)
        return Places(self.out, bool(self.tags), further, self.index)


@dataclass(frozen=True)
class Answer:
    """What was counted, {concept: captions}, of how many captions, what to say about it, and how fast it was."""

    counts: dict[str, int]
    n_captions: int
    notes: list[str]
    speed: str = ""


@contextmanager
def claimed(asked: Request) -> Iterator[Work]:
    """Yield the work, with its files checked and its folder of parts held against other processes.

    Raises
    ------
    UserError
        A file is missing or of another kind, an output holds other data or is one with another or with what is read,
        another process is counting for it.
    """
    with asked.places.planned():
        work = Work(asked)
        if work.finished:
            yield work
            return
        files.require_writable(work.parts)
        lock = FileLock(work.parts / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(shown(asked.out), "another process counts for this file", "--out of its own") from None
        try:
            yield work
        finally:
            if work.parts.is_dir():
                asked.places.remove_empty(work.parts)
            lock.release()


class Work:
    """A count that is to be made."""

    def __init__(self, asked: Request) -> None:
        self.asked = asked
        self.concepts = read_concepts(asked.concepts)
        joint_hits = bool(asked.tags) or asked.cooccurrences is not None
        self.from_index = len(asked.captions) == 1 and index.is_index(asked.captions[0])
        if self.from_index and (joint_hits or asked.index is not None):
            raise UserError(shown(asked.captions[0]), "an index, which knows no ids", "captions for tags and pairs")
        self.question = shards.Question(
            self.concepts.names, shown(asked.concepts), asked.search, asked.columns, joint_hits, asked.index
        )
        self.shards = [] if self.from_index else captions.shards_of(asked.captions)
        for shard in self.shards:
            outputs.refuse_reading(shard)
        self.size = written.corpus_size(asked.corpus_size, 0)
        for path in (*asked.tags, *([asked.captions[0] / index.ABOUT] if self.from_index else [])):
            files.require_file(path)
        self.identity = written.asked(self.question, self._stands(), self._further())
        self.places = asked.places
        self.finished = self.places.finished(self.identity)

    @property
    def parts(self) -> Path:
        """The folder that holds what is done of this question."""
        return self.places.parts(self.question.identity())

    def expected(self) -> int | None:
        """Return about how many captions are left to count, or None where that is not known."""
        left = [s for s in self.shards if not shards.kept(self._part(s), self.question, s)]
        numbers = [captions.expected_number(shard) for shard in left]
        return None if None in numbers else sum(number for number in numbers if number is not None)

    def count(self, jobs: int, told: shards.Told) -> Answer:
        """Count, write what was counted, and remove the parts.

        Raises
        ------
        UserErrors
            Shards that cannot be read, unless they are to be skipped; the others are kept for the next time.
        """
        self.tags  # noqa: B018 - what is wrong with tags is said before captions are read
        tally, parts, facts, errors, speed = self._tallied(jobs, told)
        counts = tally.counts()
        n_captions = sum(of_shard["captions"] for of_shard in facts)
        if not n_captions:
            raise UserError(shown(self.asked.captions[0]), "no captions", "at least one")
        self.places.finished(self.identity)  # another question may have been quicker
        details = written.details(self.question, self.identity, counts, facts, errors)
        notes = written.notes(tally.slots, self.concepts.repeated, details)
        further = self._joint(tally, parts, facts, details)
        if self.asked.synonym_counts is not None:
            further[self.asked.synonym_counts] = files.as_json(written.synonym_counts(counts))
        files.write_json(self.places.details, details)
        for path, data in further.items():
            files.write_bytes(path, data)
        self._write_index(parts, facts)
        files.write_json(self.asked.out, _by_concept(counts))
        self.places.remove_parts(self.parts)
        return Answer(_by_concept(counts), n_captions, notes, speed)

    @cached_property
    def tags(self) -> Any:
        """The tags of images and what was left out of them, None without any."""
        asked = self.asked
        return read_tags(asked.tags, self.concepts.names, asked.tag_threshold) if asked.tags else None

    def _tallied(
        self, jobs: int, told: shards.Told
    ) -> tuple[Tally, list[Path], list[dict[str, Any]], list[UserError], str]:
        """Return what was counted, the parts, the facts about every shard, what failed, and how fast it was."""
        prepared = self.question.prepared()
        if self.from_index:
            tally, facts = index.count(self.asked.captions[0], self.asked.search, prepared.slots)
            return tally, [], facts, [], ""
        start, counted = time.perf_counter(), 0

        def both(n: int) -> None:
            nonlocal counted
            counted += n
            told(n)

        parts, errors = shards.count(self.question, self.shards, self.parts, jobs=jobs, told=both)
        if errors and not (self.asked.skip_damaged and parts):
            raise UserErrors(errors)
        seconds = time.perf_counter() - start
        tally, facts = shards.merged(prepared.slots, parts)
        # Of few captions nothing but the start would be measured.
        told_speed = counted >= _MANY and seconds > 1
        speed = f"{counted:,} captions counted now, {counted / seconds:,.0f} a second" if told_speed else ""
        return tally, parts, facts, errors, speed

    def _joint(
        self, tally: Tally, parts: Sequence[Path], facts: Sequence[dict[str, Any]], details: dict[str, Any]
    ) -> dict[Path, bytes]:
        """Return the files of which concepts captions hold together, and of what texts and images agree on."""
        further: dict[Path, bytes] = {}
        if not self.question.hits:
            return further
        names = list(self.concepts.names)
        pairs = joint.Cooccurrences(len(names))
        aligned = joint.Alignment(self.tags[0]) if self.tags else None
        for found in joint.found(tally, parts, facts):
            if self.asked.cooccurrences is not None:
                pairs.add(found)
            if aligned is not None:
                aligned.add(found)
        if self.asked.cooccurrences is not None:
            further[self.asked.cooccurrences] = _pairs_csv(pairs, names).encode()
        if aligned is not None:
            if aligned.n_text and aligned.n_image and not aligned.n_common:
                found_id = f"no tagged image ('{next(iter(aligned.tags.ids))}', ...) is a caption with a concept"
                raise UserError(shown(self.asked.tags[0]), found_id, "ids of the captions; --id names their column")
            for kind, of_kind in (("image", aligned.tags.counts), ("integrated", aligned.integrated)):
                counts = dict(zip(names, of_kind.tolist(), strict=True))
                further[self.places.beside(kind)] = files.as_json(counts)
            size = self.size or details["captions"]
            details["images"] = {**self.tags[1], **written.alignment(aligned, size)}
        return further

    def _write_index(self, parts: Sequence[Path], facts: Sequence[dict[str, Any]]) -> None:
        if self.asked.index is not None:
            index.finish(self.asked.index, self.asked.search.reading, [part.stem for part in parts], facts)

    def _part(self, shard: Path) -> Path:
        return self.parts / f"{shards.name_of(shard)}.json"

    def _stands(self) -> list[dict[str, Any]]:
        of_index = [self.asked.captions[0] / index.ABOUT] if self.from_index else []
        return [shards.standing(path) for path in (*of_index, *self.shards, *self.asked.tags)]

    def _further(self) -> dict[str, Any]:
        asked = self.asked
        outputs = [str(path) for path in (asked.cooccurrences, asked.synonym_counts) if path is not None]
        return {
            "outputs": outputs,
            "threshold": asked.tag_threshold,
            "corpus_size": self.size,
            "skip_damaged": asked.skip_damaged,
        }


def _by_concept(counts: Sequence[ConceptCount]) -> dict[str, int]:
    return {one.concept: one.count for one in counts}


def _pairs_csv(pairs: joint.Cooccurrences, names: Sequence[str]) -> str:
    import pandas as pd

    rows = [(names[one], names[other], n) for one, other, n in pairs.pairs()]
    return str(pd.DataFrame(rows, columns=["concept", "other", "captions"]).to_csv(index=False, lineterminator="\n"))
