"""Counting shard by shard: what is done is kept in a folder of parts, so that a killed command goes on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from zsbench.analysis.frequency.counting import captions, index, searches
from zsbench.analysis.frequency.counting.captions import Columns
from zsbench.analysis.frequency.counting.parsed import Nouns
from zsbench.analysis.frequency.counting.searches import Finder, Search
from zsbench.analysis.frequency.counting.tallies import Slots, Tally
from zsbench.core import files, jsonfiles
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import IntArray, np
from zsbench.core.records import canonical_json, digest, digest_file

Told = Callable[[int], None]
"""Told of captions as they are counted, by their number."""


@dataclass(frozen=True)
class Question:
    """What is counted in every shard.

    Attributes
    ----------
    names : {concept: names}.
    where : the file of the concepts, for messages.
    hits : whether to keep which captions hold which concepts, for co-occurrences and image tags.
    index : the folder that an index of all words goes to.
    """

    names: dict[str, list[str]]
    where: str
    search: Search = field(default_factory=Search)
    columns: Columns = field(default_factory=Columns)
    hits: bool = False
    index: Path | None = None

    def identity(self) -> str:
        """Return a digest of all that is asked; the order of concepts is that of the slots in a part."""
        names = list(self.names.items())
        return digest([canonical_json([names, asdict(self.search), asdict(self.columns), self.hits, str(self.index)])])

    def prepared(self) -> Prepared:
        """Return what one process needs to count shards."""
        return Prepared(self, *searches.make(self.search, self.names, self.where))


@dataclass(frozen=True)
class Prepared:
    """A question with what finds its answer."""

    question: Question
    slots: Slots
    finder: Finder

    def count(self, shard: Path, part: Path, told: Told = lambda _: None) -> None:
        """Count the captions of a shard and write its part, a JSON file, whole or not at all.

        Raises
        ------
        UserError
            What is wrong with the shard.
        """
        stands, tally, done, left_out = standing(shard), Tally(self.slots), 0, Counter[str]()
        hits = _Hits() if self.question.hits else None
        words = self._index_writer(shard)
        for block in captions.blocks(shard, self.question.columns):
            at, texts, nulls = self._searchable(block.captions, shard)
            rows, slots = self.slots.of_terms(*self.finder.find(texts)) if texts else (_none(), _none())
            tally.add(rows, slots)
            if hits is not None:
                hits.add(at[rows], slots, done, block.ids)
            if words is not None:
                words.add(texts)
            done += len(block.captions)
            left_out.update(block.left_out)
            left_out["null captions"] += nulls
            told(len(block.captions))
        if hits is not None:
            hits.write(part.with_suffix(".hits.parquet"))
        if words is not None:
            words.close(done)
        facts = {**stands, "digest": digest_file(shard), "captions": done, "left_out": dict(+left_out)}
        files.write_json(part, {**_made_by(self.question), **facts, "tally": tally.stored()})

    def _searchable(self, block: list[Any], shard: Path) -> tuple[IntArray, list[Any], int]:
        """Return where in a block the captions to search stand, those captions, and how many of the block are null."""
        nulls = block.count(None)
        null = searches.NULL.get(self.question.search.name)
        at = np.arange(len(block))
        if nulls and null is not None:
            block = [null if caption is None else caption for caption in block]
        elif nulls:
            at = at[[caption is not None for caption in block]]
            block = [caption for caption in block if caption is not None]
        if isinstance(self.finder, Nouns):
            return at, self.finder.documents(block), nulls
        if list in set(map(type, block)):
            raise UserError(shown(shard), "captions that are parsed already", "--search nouns, or captions as texts")
        return at, block, nulls

    def _index_writer(self, shard: Path) -> index.Writer | None:
        folder = self.question.index
        return None if folder is None else index.Writer(folder, name_of(shard), self.question.search)


class _Hits:
    """Which captions of a shard hold which slots: their rows in the shard, and their ids if they have any."""

    def __init__(self) -> None:
        self.rows: list[IntArray] = []
        self.slots: list[IntArray] = []
        self.ids: list[str] = []

    def add(self, rows: IntArray, slots: IntArray, done: int, ids: list[str] | None) -> None:
        self.rows.append(rows + done)
        self.slots.append(slots)
        if ids is not None:
            self.ids += [ids[row] for row in rows.tolist()]

    def write(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows, slots = (np.concatenate([_none(), *arrays]) for arrays in (self.rows, self.slots))
        ids = pa.array(self.ids) if self.ids else pa.nulls(len(rows), pa.string())
        with files.replacing(path) as temporary:
            pq.write_table(pa.table({"row": rows, "slot": slots, "id": ids}), temporary)


def _none() -> IntArray:
    return np.zeros(0, np.int64)


def standing(shard: Path) -> dict[str, Any]:
    """Return by what a changed shard is known without reading it: path, size in bytes, time of its last change."""
    stat = shard.stat()
    return {"path": str(shard.resolve()), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def name_of(shard: Path) -> str:
    """Return the name of what is kept of a shard: the start of its own, and digits of its path."""
    return f"{shard.name.split('.')[0][:40]}-{digest([str(shard.resolve())])[:8]}"


@cache
def code() -> str:
    """Return a digest of the modules that count, so that no part of other code is taken up."""
    return digest(digest_file(module) for module in sorted(Path(__file__).parent.glob("*.py")))


def _made_by(question: Question) -> dict[str, str]:
    return {"question": question.identity(), "code": code()}


def kept(part: Path, question: Question, shard: Path) -> bool:
    """Return whether a part is there that was made of this shard, as it is now, for this question."""
    indexed = question.index is None or (question.index / f"{name_of(shard)}.json").is_file()
    if not part.is_file() or not indexed:
        return False
    value = jsonfiles.read(part, "a part of `zsbench frequency count`")
    wanted = {**_made_by(question), **standing(shard)}
    whole = not question.hits or part.with_suffix(".hits.parquet").is_file()
    return whole and all(value.get(key) == known for key, known in wanted.items())


def count(
    question: Question, shards: Sequence[Path], parts: Path, *, jobs: int = 1, told: Told = lambda _: None
) -> tuple[list[Path], list[UserError]]:
    """Count every shard that has no part yet; return the parts, in the order of the shards, and what failed.

    Parameters
    ----------
    parts : folder of the parts.
    jobs : processes that count shards side by side.
    told : of captions counted now.
    """
    places = {shard: parts / f"{name_of(shard)}.json" for shard in shards}
    left = [(shard, part) for shard, part in places.items() if not kept(part, question, shard)]
    if jobs == 1 or len(left) < 2:
        prepared = question.prepared()
        problems = [_tried(prepared, shard, part, told) for shard, part in left]
    else:
        problems = list(_side_by_side(question, left, min(jobs, len(left)), told))
    errors = [error for error in problems if error is not None]
    failed = {shard for (shard, _), error in zip(left, problems, strict=True) if error is not None}
    return [part for shard, part in places.items() if shard not in failed], errors


def _tried(prepared: Prepared, shard: Path, part: Path, told: Told) -> UserError | None:
    try:
        prepared.count(shard, part, told)
    except UserError as error:
        return error
    return None


_own: Any = None
"""What a process of `_side_by_side` counts with: its question, prepared once, and the queue that it reports to."""


def _begin(question: Question, queue: Any) -> None:
    global _own
    _own = question.prepared(), queue


def _one(work: tuple[Path, Path]) -> UserError | None:
    prepared, queue = _own
    return _tried(prepared, *work, queue.put)


def _side_by_side(
    question: Question, left: Sequence[tuple[Path, Path]], jobs: int, told: Told
) -> Iterator[UserError | None]:
    import multiprocessing
    import queue as queues
    from concurrent.futures import ProcessPoolExecutor, wait

    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    with ProcessPoolExecutor(jobs, context, _begin, (question, queue)) as pool:
        running = [pool.submit(_one, work) for work in left]
        while True:
            ended = all(future.done() for future in running)
            try:
                told(queue.get(timeout=0.2))
            except queues.Empty:
                if ended:
                    break
        wait(running)
        yield from (future.result() for future in running)


def merged(slots: Slots, parts: Sequence[Path]) -> tuple[Tally, list[dict[str, Any]]]:
    """Return the sum of parts, and of each the facts about its shard, without what was counted."""
    tally, facts = Tally(slots), []
    for part in parts:
        value = jsonfiles.read(part, "a part of `zsbench frequency count`")
        tally.merge(value.pop("tally"))
        facts.append({key: held for key, held in value.items() if key not in ("question", "code")})
    return tally, facts
