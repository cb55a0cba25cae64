"""What counting concepts in captions costs, side by side with what people write for it.

    python benchmarks/frequency.py                        # 1,000,000 captions x 4,029 concepts, one core
    python benchmarks/frequency.py --captions 100000
    pip install spacy spacy-lookups-data pyahocorasick    # further peers, where they are installed

Captions are drawn from 30,000 words, some frequent and most rare, with capitals, plurals and punctuation; concepts are
one to three of these words. Every tool gets the same captions and concepts and has to find the same counts, but for
spaCy's lookup lemmas, which are its own.

- exact: one compiled regular expression of all names; a tokenizer with an inverted index in plain Python, which is
  asked for every name; the same with spaCy's tokenizer; pyahocorasick with a check of the borders of words.
- lemma: the tokenizer with a table of lemmas and the inverted index, in plain Python; the same with spaCy's tokenizer;
  the same with spaCy's tokenizer and its lemmatizer in mode `lookup`.

zsbench counts all captions, a peer as many of the first ones as it can in reasonable time, without what it takes to
begin (to compile a pattern, to load a tokenizer); that of zsbench is counted. Figures are CPU seconds (user + system)
on one core, the least of three runs, from texts in memory to counts; `file` reads a parquet file, too, and digests it.
Results go to benchmarks/results/frequency.json.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zsbench.analysis.frequency.counting import lemmas, searches
from zsbench.analysis.frequency.counting.captions import BLOCK
from zsbench.analysis.frequency.counting.shards import Question
from zsbench.analysis.frequency.counting.tallies import Tally

RESULTS = Path(__file__).parent / "results" / "frequency.json"
WORDS, CONCEPTS, LENGTH = 30_000, 4_029, 10
REPEATS = 3
Counts = dict[str, int]
T = TypeVar("T")
_WORD = re.compile(r"[a-z0-9]+")


def vocabulary(rng: np.random.Generator) -> list[str]:
    """Return distinct words of three to ten letters."""
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    made: dict[str, None] = {}
    while len(made) < WORDS:
        made["".join(rng.choice(letters, rng.integers(3, 11)))] = None
    return list(made)


def drawn(n: int) -> tuple[list[str], list[str]]:
    """Return n captions and the concepts."""
    rng = np.random.default_rng(0)
    words = vocabulary(rng)
    shown = np.array([*words, *(f"{word}s" for word in words), *(word.capitalize() for word in words)])
    chances = 1 / np.arange(1, WORDS + 1)
    chances /= chances.sum()
    ends = np.array([" ", " ", " ", " ", " ", ", ", "-", ". "])
    captions = []
    for start in range(0, n, 10_000):
        size = (min(10_000, n - start), LENGTH)
        chosen = rng.choice(WORDS, size, p=chances) + WORDS * rng.choice(3, size, p=[0.75, 0.15, 0.1])
        pieces = np.char.add(shown[chosen], ends[rng.integers(0, len(ends), size)])
        captions += ["".join(row) for row in pieces.tolist()]
    concepts: dict[str, None] = {}
    while len(concepts) < CONCEPTS:
        chosen = rng.choice(WORDS, rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]), p=None)
        concepts[" ".join(words[word] for word in chosen)] = None
    return captions, list(concepts)


def zsbench(search: str, captions: list[str], concepts: list[str]) -> Counts:
    """Count as `zsbench frequency count` does, block by block."""
    slots, finder = searches.make(searches.chosen(search, None, None), {name: [name] for name in concepts}, "concepts")
    tally = Tally(slots)
    for start in range(0, len(captions), BLOCK):
        tally.add(*slots.of_terms(*finder.find(captions[start : start + BLOCK])))
    return {one.concept: one.count for one in tally.counts()}


def alternation(captions: list[str], concepts: list[str]) -> Counts:
    """Count by one regular expression, which finds names that lie within each other, too."""
    names = sorted(concepts, key=len, reverse=True)
    pattern = re.compile(
        r"(?<![a-z0-9])(?=(" + "|".join(r"[^a-z0-9]+".join(n.split()) for n in names) + r")(?![a-z0-9]))"
    )
    # A longer name hides those that begin it: each of them is counted where the longer one is found.
    begins = {name: [b for b in beginnings(name) if b in set(concepts)] for name in concepts if " " in name}
    counts = dict.fromkeys(concepts, 0)
    for caption in captions:
        found = {" ".join(_WORD.findall(match)) for match in pattern.findall(caption.lower())}
        found |= {shorter for name in found for shorter in begins.get(name, ())}
        for name in found:
            counts[name] += 1
    return counts


def beginnings(name: str) -> Iterator[str]:
    """Yield the names of the first words of a name."""
    words = name.split()
    yield from (" ".join(words[:n]) for n in range(1, len(words)))


def python_index(captions: list[str], concepts: list[str], lemma: Callable[[str], str], tokens: Callable) -> Counts:
    """Count by an inverted index of sets; a phrase is looked for in the captions that have all of its words."""
    index: dict[str, set[int]] = {}
    rows = []
    for row, words in enumerate(tokens(captions)):
        of_row = [lemma(word) for word in words]
        rows.append(of_row)
        for word in of_row:
            index.setdefault(word, set()).add(row)
    counts = {}
    for name in concepts:
        words = [lemma(word) for word in name.split()]
        hits = set.intersection(*(index.get(word, set()) for word in words))
        counts[name] = len(hits) if len(words) == 1 else sum(adjacent(rows[row], words) for row in hits)
    return counts


def adjacent(row: list[str], words: list[str]) -> bool:
    """Return whether words follow one another in a caption."""
    return any(row[start : start + len(words)] == words for start in range(len(row)))


def python_tokens(captions: list[str]) -> Iterator[list[str]]:
    """Yield the words of each caption."""
    return (_WORD.findall(caption.lower()) for caption in captions)


def spacy_tokens(captions: list[str]) -> Iterator[list[str]]:
    """Yield the words of each caption as spaCy's English tokenizer cuts it."""
    import spacy

    for document in spacy.blank("en").tokenizer.pipe(captions):
        yield [word for token in document for word in _WORD.findall(token.lower_)]


def spacy_lookup(captions: list[str], concepts: list[str]) -> Counts:
    """Count by an inverted index of spaCy's lookup lemmas."""
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("lemmatizer", config={"mode": "lookup"})
    pipeline.initialize()

    def tokens(texts: list[str]) -> Iterator[list[str]]:
        for document in pipeline.pipe(texts):
            yield [word for token in document for word in _WORD.findall(token.lemma_.lower())]

    names = {word for name in concepts for word in name.split()}
    known = dict(zip(names, (" ".join(found) for found in tokens(list(names))), strict=True))
    return python_index(captions, concepts, lambda word: known.get(word, word), tokens)


def ahocorasick(captions: list[str], concepts: list[str]) -> Counts:
    """Count by pyahocorasick in captions whose words are parted by blanks."""
    from ahocorasick import Automaton

    automaton = Automaton()
    for name in concepts:
        automaton.add_word(f" {name} ", name)
    automaton.make_automaton()
    counts = dict.fromkeys(concepts, 0)
    border = re.compile("[^a-z0-9]+")
    for caption in captions:
        for name in {name for _, name in automaton.iter(border.sub(" ", f" {caption.lower()} "))}:
            counts[name] += 1
    return counts


def table(word: str, kept: dict[str, str] = {}) -> str:  # noqa: B006 - a table that fills up
    """Return the lemma of a word, looked up when it was seen before."""
    if word not in kept:
        kept[word] = lemmas.lemma(word)
    return kept[word]


PEERS: dict[str, dict[str, tuple[int, str, Callable[[list[str], list[str]], Counts]]]] = {
    "exact": {
        "regular expression": (5_000, "", alternation),
        "Python index": (100_000, "", lambda t, c: python_index(t, c, str, python_tokens)),
        "spaCy tokenizer": (20_000, "spacy", lambda t, c: python_index(t, c, str, spacy_tokens)),
        "pyahocorasick": (200_000, "ahocorasick", ahocorasick),
    },
    "lemma": {
        "Python index": (100_000, "", lambda t, c: python_index(t, c, table, python_tokens)),
        "spaCy tokenizer": (20_000, "spacy", lambda t, c: python_index(t, c, table, spacy_tokens)),
        "spaCy tokenizer and lookup lemmas": (20_000, "spacy_lookups_data", spacy_lookup),
    },
}
OWN_LEMMAS = spacy_lookup
"""The peer whose counts may differ."""


def seconds(count: Callable[[], T], repeats: int = REPEATS) -> tuple[float, T]:
    """Return the least CPU time of a count and what it found."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        found = count()
        times.append(time.process_time() - start)
    return min(times), found


def measure(search: str, captions: list[str], concepts: list[str]) -> list[dict]:
    """Print and return the rates of zsbench and of its peers."""
    rows = []

    def note(tool: str, n: int, taken: float, own: float) -> None:
        rate = n / taken
        rows.append({"search": search, "tool": tool, "captions": n, "cpu_seconds": round(taken, 3)})
        rows[-1] |= {"captions_per_second": round(rate), "zsbench_is_faster": round(own / rate, 1)}
        print(f"| {search} | {tool} | {n:,} | {taken:.2f} | {rate:,.0f} | {own / rate:.1f} |", flush=True)

    taken, _ = seconds(lambda: zsbench(search, captions, concepts))
    own = len(captions) / taken
    note("zsbench", len(captions), taken, own)
    for n in (len(captions) // 10, len(captions) // 3):
        note("zsbench", n, seconds(lambda n=n: zsbench(search, captions[:n], concepts))[0], own)
    fewer = concepts[: CONCEPTS // 10]
    note(f"zsbench, {len(fewer)} concepts", len(captions), seconds(lambda: zsbench(search, captions, fewer))[0], own)
    note("zsbench, file", len(captions), file_seconds(search, captions, concepts), own)
    for tool, (n, module, count) in PEERS.get(search, {}).items():
        if module and importlib.util.find_spec(module) is None:
            continue
        part = captions[:n]
        begin, _ = seconds(lambda part=part, count=count: count(part[:10], concepts))
        taken, found = seconds(lambda part=part, count=count: count(part, concepts))
        taken -= begin
        assert count is OWN_LEMMAS or found == zsbench(search, part, concepts), f"{tool} finds other counts"
        note(tool, len(part), taken, own)
    return rows


def file_seconds(search: str, captions: list[str], concepts: list[str]) -> float:
    """Return the CPU time of a parquet file, from its bytes to its part."""
    with tempfile.TemporaryDirectory() as folder:
        shard = Path(folder) / "captions.parquet"
        pq.write_table(pa.table({"caption": captions}), shard)
        question = Question({n: [n] for n in concepts}, "concepts", searches.chosen(search, None, None))
        return seconds(lambda: question.prepared().count(shard, Path(folder) / "part.json"))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--captions", type=int, default=1_000_000)
    chosen = parser.parse_args()
    captions, concepts = drawn(chosen.captions)
    print("| search | tool | captions | CPU s | captions/s | zsbench is x faster |\n|---|---|---|---|---|---|")
    rows = [row for search in ("exact", "lemma", "fts", "substring") for row in measure(search, captions, concepts)]
    machine = {"python": platform.python_version(), "machine": platform.machine(), "numpy": np.__version__}
    RESULTS.write_text(json.dumps({"concepts": CONCEPTS, "words": WORDS, **machine, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
