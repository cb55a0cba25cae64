"""The files of a count: what was counted, and beside it of which files, by which search, and what was left out.

`counts.json` is `{concept: captions}`, which `zsbench frequency fit` and `zsbench familiarity` read.
`counts.details.json` holds the rest. With tags of images, `counts.image.json` and `counts.integrated.json` are counts,
too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import zsbench
from zsbench.analysis.frequency.counting import parsed, searches, shards
from zsbench.analysis.frequency.counting.joint import Alignment
from zsbench.analysis.frequency.counting.places import FORMAT
from zsbench.analysis.frequency.counting.shards import Question
from zsbench.analysis.frequency.counting.tallies import ConceptCount, Slots
from zsbench.core.errors import UserError
from zsbench.core.records import canonical_json, digest
from zsbench.core.words import listed, number_of
from zsbench.data.synonym_counts import SynonymCounts

CORPUS_SIZES = {
    "cc3m": 3_318_333,
    "cc12m": 12_423_374,
    "yfcc15m": 14_825_236,
    "laion400m": 414_080_000,
    "laion_aesthetics": 161_100_000,
}
"""Samples of the corpora for which the paper reports `degree_fixed`."""


def asked(question: Question, stands: Sequence[dict[str, Any]], further: dict[str, Any]) -> str:
    """Return the digest of a whole question: concepts, search, captions as they are, and further options."""
    return digest([question.identity(), canonical_json([list(stands), further])])


def details(
    question: Question,
    identity: str,
    counts: Sequence[ConceptCount],
    facts: Sequence[dict[str, Any]],
    damaged: Sequence[UserError],
) -> dict[str, Any]:
    """Return what stands beside the counts."""
    left_out: Counter[str] = Counter()
    for of_shard in facts:
        left_out.update(of_shard["left_out"])
    search: dict[str, Any] = asdict(question.search)
    if not question.search.nouns:
        del search["model"]
    elif question.search.name == "nouns":
        search["lemmas of concepts"] = parsed.query_lemma()[1]
    null = searches.NULL.get(question.search.name)
    return {
        "format": FORMAT,
        "question": identity,
        "zsbench": zsbench.__version__,
        "code": shards.code(),
        "search": search,
        "concepts_file": question.where,
        "captions": sum(of_shard["captions"] for of_shard in facts),
        "null captions are": f"counted as '{null}'" if null else "left out",
        "left_out": dict(left_out),
        "files": list(facts),
        "damaged": [str(error) for error in damaged],
        "concepts": {one.concept: {"count": one.count, "names": one.names, "credited": one.credited} for one in counts},
    }


def alignment(aligned: Alignment, corpus_size: int) -> dict[str, Any]:
    """Return what texts and images agree on, as it stands in the details."""
    return {
        "samples with a concept in the text": aligned.n_text,
        "samples with a concept in the image": aligned.n_image,
        "samples with both": aligned.n_common,
        "misaligned": aligned.n_misaligned,
        "corpus_size": corpus_size,
        **aligned.degrees(corpus_size),
    }


def synonym_counts(counts: Sequence[ConceptCount]) -> dict[str, Any]:
    """Return counts of names in the form of REAL's `metrics-<corpus>.json`, which `real-prompt` reads."""
    return {str(number): _of_concept(one) for number, one in enumerate(counts)}


def _of_concept(one: ConceptCount) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": one.concept, "alternates": one.names, "actual_freq": one.count}
    with suppress(UserError):  # whoever counts no official name has no other to choose over it
        entry["most_common_name"] = SynonymCounts(one.concept, one.names).best_name("relaxed", "")
    return entry


def corpus_size(text: str | None, counted: int) -> int:
    """Return the number of samples that `degree_fixed` divides by: of a corpus by name, as written, or those counted.

    Raises
    ------
    UserError
        Neither the name of a corpus nor a number.
    """
    if text is None:
        return counted
    if text in CORPUS_SIZES:
        return CORPUS_SIZES[text]
    if not text.isdigit() or int(text) == 0:
        raise UserError("--corpus-size", f"'{text}'", f"a number, or one of {', '.join(CORPUS_SIZES)}")
    return int(text)


def notes(slots: Slots, repeated: Sequence[str], details: dict[str, Any]) -> list[str]:
    """Return what a reader of the counts has to know: about concepts, about captions, about files left out."""
    said = [f"concept '{name}' is listed more than once, and counted once" for name in repeated]
    for group in searches.alike(slots):
        said.append(f"concepts {', '.join(map(repr, group))} are the same to this search, and have one count")
    unnamed = [one.concept for one in slots.wanted if one.concept not in one.names]
    if unnamed:
        whose = f"{number_of(len(unnamed), 'concept')} ({listed([repr(name) for name in unnamed], 3)})"
        said.append(f"{whose} not looked for by name: a list of synonyms stands for the names in it alone")
    for what, n in details["left_out"].items():
        if what == "null captions":
            said.append(f"{number_of(n, 'null caption', grouped=True)} ({details['null captions are']})")
        else:
            said.append(f"{what}: {n:,}")
    return said + [f"left out: {error}" for error in details["damaged"]]
