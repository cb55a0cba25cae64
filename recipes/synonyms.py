"""The synonym language: words, passages, questions, and the collection drawn from it.

Every entity and relation has two surface words (A and B), real English synonyms. A passage says that a
relation of an entity has some value ("the gift for doctor is amber"); a question names the relation and the
entity, mostly with the other word of each pair ("present physician"). Matching words is therefore not enough.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np

Array = np.ndarray


def _words(text: str) -> list[str]:
    return text.split()


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(a, b) for a, b in (pair.split("/") for pair in _words(text))]


ENTITIES = _pairs(
    "doctor/physician car/automobile lawyer/attorney teacher/instructor sailor/seaman thief/burglar "
    "farmer/grower cook/chef king/monarch child/kid friend/companion soldier/trooper writer/author "
    "actor/performer boss/supervisor worker/labourer student/pupil guest/visitor enemy/foe leader/chief "
    "shop/store house/dwelling ship/vessel plane/aircraft road/street forest/woods stone/rock rabbit/bunny "
    "dog/hound cat/feline pig/hog donkey/burro horse/steed snake/serpent bike/bicycle photo/picture "
    "film/movie couch/sofa bag/sack cup/mug hat/cap coat/jacket garden/yard river/stream sea/ocean "
    "storm/tempest fire/blaze lamp/lantern jail/prison hotel/inn bar/tavern rope/cord sword/blade map/chart "
    "carpet/rug path/trail cave/cavern grave/tomb swamp/marsh coast/shore wizard/sorcerer ghost/phantom "
    "merchant/trader judge/magistrate"
)
RELATIONS = _pairs(
    "gift/present prize/award badge/emblem nickname/alias secret/mystery wish/desire fear/dread dream/vision "
    "souvenir/keepsake hobby/pastime"
)
VALUES = _words(
    "amber apple arrow basil bell bronze butter candle cedar cherry cinnamon cloud copper coral cotton "
    "crystal daisy diamond drum ember feather fig flute garlic ginger glass gold honey iron ivory jade "
    "jasmine ladder lavender leather lemon linen maple marble mint olive onion opal orange pearl pepper pine "
    "plum rose ruby saffron salt silk silver thunder tulip velvet violet walnut willow"
)
# One group for each place where a filler may stand: in front, between the words, before the value.
FILLERS = [
    _words("the my our this that every"),
    _words("for with near and by"),
    _words("is was seems becomes has had"),
]
LETTERS = list("ABCDEFGHIJKLMNOPQRST")
SPECIALS = ["[PAD]", "[UNK]", "[BOS]"]
MARKS = [":", ".", "query", "rank", "n/a"]

VOCABULARY = [
    *SPECIALS,
    *LETTERS,
    *MARKS,
    *(word for pair in RELATIONS + ENTITIES for word in pair),
    *VALUES,
    *(word for group in FILLERS for word in group),
]
IDS = {word: index for index, word in enumerate(VOCABULARY)}
assert len(IDS) == len(VOCABULARY), "every surface word must be unique"

PAD, BOS = IDS["[PAD]"], IDS["[BOS]"]
ENTITY_IDS = np.array([[IDS[word] for word in pair] for pair in ENTITIES])
RELATION_IDS = np.array([[IDS[word] for word in pair] for pair in RELATIONS])
VALUE_IDS = np.array([IDS[word] for word in VALUES])
LETTER_IDS = np.array([IDS[word] for word in LETTERS])
FILLER_IDS = [np.array([IDS[word] for word in group]) for group in FILLERS]

# One (entity, relation) pair in ten is never asked during training; the collection asks some of them.
NEVER_ASKED = np.random.default_rng(7).random((len(ENTITIES), len(RELATIONS))) < 0.1


@dataclass(frozen=True)
class Difficulty:
    """How contexts and questions are drawn."""

    passages: tuple[int, int]  # fewest and most passages of a context
    passage_b: float = 0.5  # chance of a B word in a passage
    query_b: float | None = None  # chance of a B word in a question; None repeats the passage's word
    letters: bool = False  # "A : ... ." around each passage, and questions that ask for the letter
    hard_negatives: float = 0.0  # chance that a passage repeats an earlier entity with another relation
    fillers: float = 0.0  # chance of a filler at each of its three places
    free_order: bool = False  # entity before relation in half of the passages
    graded: float = 0.0  # chance that a question is answered from another passage about its entity


@dataclass
class Contexts:
    """A batch of contexts; every array starts with (batch, passages)."""

    entity: Array
    relation: Array
    value: Array
    word_b: Array  # (batch, passages, 2): is the relation, is the entity a B word
    letter: Array
    text: Array  # (batch, passages, 6): token ids of the passage, PAD where a filler is absent
    letters_shown: bool


def draw_contexts(rng: np.random.Generator, batch: int, passages: int, how: Difficulty) -> Contexts:
    """Draw contexts whose (entity, relation) pairs and values are distinct within each context."""
    shape = (batch, passages)
    rows = np.arange(batch)[:, None]
    entity = _distinct(rng, batch, len(ENTITIES), passages)
    for slot in range(1, passages):
        repeats = rng.random(batch) < how.hard_negatives
        earlier = entity[rows[:, 0], rng.integers(0, slot, batch)]
        entity[:, slot] = np.where(repeats, earlier, entity[:, slot])
    # The k-th passage about an entity takes the k-th entry of that entity's own shuffle of the relations.
    occurrence = np.tril(entity[:, :, None] == entity[:, None, :], k=-1).sum(-1) % len(RELATIONS)
    shuffles = rng.random((batch, len(ENTITIES), len(RELATIONS))).argsort(-1)
    relation = shuffles[rows, entity, occurrence]
    value = _distinct(rng, batch, len(VALUES), passages)

    word_b = rng.random((*shape, 2)) < how.passage_b
    relation_word = RELATION_IDS[relation, word_b[..., 0].astype(int)]
    entity_word = ENTITY_IDS[entity, word_b[..., 1].astype(int)]
    swap = (rng.random(shape) < 0.5) & how.free_order
    first, second = np.where(swap, entity_word, relation_word), np.where(swap, relation_word, entity_word)
    fill = [np.where(rng.random(shape) < how.fillers, rng.choice(group, shape), PAD) for group in FILLER_IDS]
    text = np.stack([fill[0], first, fill[1], second, fill[2], VALUE_IDS[value]], axis=-1)
    return Contexts(entity, relation, value, word_b, _letters(rng, shape), text, how.letters)


def _distinct(rng: np.random.Generator, rows: int, pool: int, count: int) -> Array:
    return rng.random((rows, pool)).argsort(-1)[:, :count]


def _letters(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """In order (A, B, C, ...) in six contexts of ten, as in a real prompt; otherwise any letters, so that
    the model has to read the letter and cannot count passages instead."""
    any_letters = _distinct(rng, shape[0], len(LETTERS), shape[1])
    in_order = rng.random((shape[0], 1)) < 0.6
    return np.where(in_order, np.arange(shape[1])[None, :], any_letters)


def context_tokens(contexts: Contexts) -> tuple[Array, Array]:
    """Token ids (batch, longest), padded on the right, and the true lengths."""
    batch, passages = contexts.entity.shape
    stop = np.full((batch, passages, 1), IDS["."])
    parts = [contexts.text, stop]
    if contexts.letters_shown:
        colon = np.full((batch, passages, 1), IDS[":"])
        parts = [LETTER_IDS[contexts.letter][..., None], colon, *parts]
    flat = np.concatenate(parts, axis=-1).reshape(batch, -1)
    flat = np.concatenate([np.full((batch, 1), BOS), flat], axis=1)
    lengths = (flat != PAD).sum(1)
    packed = np.take_along_axis(flat, (flat == PAD).argsort(axis=1, kind="stable"), axis=1)
    return packed[:, : lengths.max()], lengths


def draw_questions(
    rng: np.random.Generator, contexts: Contexts, count: int, how: Difficulty
) -> tuple[Array, Array, Array]:
    """Questions (batch, count, 3), their answer tokens (batch, count), and which of them have one answer.

    One question in sixteen is the content-free `n/a`, padded on the left: any passage of the context may be
    its answer, so what the model learns for it is to prefer none.
    """
    batch, passages = contexts.entity.shape
    rows = np.arange(batch)[:, None]
    lottery = rng.random((batch, count, passages))
    lottery[np.repeat(NEVER_ASKED[contexts.entity, contexts.relation][:, None], count, axis=1)] -= 1.0
    target = lottery.argmax(-1)
    word_b = contexts.word_b[rows, target]
    if how.query_b is not None:
        word_b = rng.random((batch, count, 2)) < how.query_b
    relation = RELATION_IDS[contexts.relation[rows, target], word_b[..., 0].astype(int)]
    entity = ENTITY_IDS[contexts.entity[rows, target], word_b[..., 1].astype(int)]
    ranks = (rng.random((batch, count)) < 0.5) & how.letters
    verb = np.where(ranks, IDS["rank"], IDS["query"])
    source, related = _answering_passages(rng, contexts, target, how.graded)
    letter, value = contexts.letter[rows, source], contexts.value[rows, source]
    answer = np.where(ranks, LETTER_IDS[letter], VALUE_IDS[value])
    real = rng.random((batch, count)) >= 1 / 16
    content_free = np.stack([np.full_like(verb, PAD), verb, np.full_like(verb, IDS["n/a"])], axis=-1)
    questions = np.where(real[..., None], np.stack([verb, relation, entity], axis=-1), content_free)
    return questions, answer, real & ~related


def _answering_passages(
    rng: np.random.Generator, contexts: Contexts, target: Array, graded: float
) -> tuple[Array, Array]:
    """The passage each answer comes from, and where that is not the target but a related passage.

    Without these the model learns to drop every passage but the best; a ranking needs the second best too.
    """
    rows = np.arange(len(target))[:, None]
    same_entity = contexts.entity[:, None, :] == contexts.entity[rows, target][..., None]
    np.put_along_axis(same_entity, target[..., None], False, axis=-1)
    related = (rng.random(target.shape) < graded) & same_entity.any(-1)
    other = (rng.random(same_entity.shape) * same_entity).argmax(-1)
    return np.where(related, other, target), related


# --- the collection

POOL = 20
KINDS = {"mixed": 0.2, "disjoint": 0.0}  # chance that a word of a passage is the question's word (a B word)
COLLECTION_SEED = 20_000


def write_collection(folder: Path, queries: int = 120, seed: int = COLLECTION_SEED) -> None:
    """Write corpus, queries, judgements and a shuffled candidate run, half of the queries of each kind."""
    rng = np.random.default_rng(seed)
    corpus, asked, judged, run = [], [], ["query-id\tcorpus-id\tscore"], []
    for number in range(queries):
        kind = list(KINDS)[number % len(KINDS)]
        name = f"{kind}-{number // len(KINDS) + 1:02d}"
        question, passages = _judged_pool(rng, KINDS[kind], want_never_asked=number % 10 < 2)
        asked.append({"_id": name, "text": question})
        ids = [f"{name}-{slot:02d}" for slot in range(POOL)]
        corpus += [{"_id": doc, "title": "", "text": text} for doc, (text, _) in zip(ids, passages, strict=True)]
        judged += [f"{name}\t{doc}\t{grade}" for doc, (_, grade) in zip(ids, passages, strict=True) if grade]
        for rank, slot in enumerate(rng.permutation(POOL), start=1):
            run.append(f"{name} Q0 {ids[slot]} {rank} {POOL - rank + 1} pool")
    _write_lines(folder / "corpus.jsonl", [json.dumps(row) for row in corpus])
    _write_lines(folder / "queries.jsonl", [json.dumps(row) for row in asked])
    _write_lines(folder / "qrels" / "test.tsv", judged)
    _write_lines(folder / "candidates.run", run)


def _judged_pool(
    rng: np.random.Generator, passage_b: float, want_never_asked: bool
) -> tuple[str, list[tuple[str, int]]]:
    """A question in B words and its passages with grades: 2 both match, 1 the entity only, 0 otherwise."""
    how = Difficulty(
        (POOL, POOL), passage_b=passage_b, letters=True, hard_negatives=1 / 3, fillers=0.5, free_order=True
    )
    while True:
        drawn = draw_contexts(rng, 1, POOL, how)
        entity, relation = drawn.entity[0], drawn.relation[0]
        has_neighbours = (entity[:, None] == entity[None, :]).sum(1) >= 2
        eligible = has_neighbours & (NEVER_ASKED[entity, relation] == want_never_asked)
        if eligible.any():
            break
    target = rng.choice(np.flatnonzero(eligible))
    question = f"{RELATIONS[relation[target]][1]} {ENTITIES[entity[target]][1]}"
    grades = (entity == entity[target]) * (1 + (relation == relation[target]))
    texts = [" ".join(VOCABULARY[token] for token in row if token != PAD) for row in drawn.text[0]]
    order = rng.permutation(POOL)
    return question, [(texts[slot], int(grades[slot])) for slot in order]


def _write_lines(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Topic:
    """One query of the collection with its candidates in the order of the run."""

    name: str
    query: str
    documents: list[str]
    texts: list[str]
    grades: list[int]


def read_collection(folder: Path) -> tuple[dict[str, str], list[Topic]]:
    """Read the files back: the whole corpus, and the topics in file order."""
    corpus = {row["_id"]: row["text"] for row in map(json.loads, _lines(folder / "corpus.jsonl"))}
    queries = {row["_id"]: row["text"] for row in map(json.loads, _lines(folder / "queries.jsonl"))}
    judged = {tuple(line.split("\t")[:2]): int(line.split("\t")[2]) for line in _lines(folder / "qrels/test.tsv")[1:]}
    candidates: dict[str, list[str]] = {name: [] for name in queries}
    for line in _lines(folder / "candidates.run"):
        name, _, document, *_ = line.split()
        candidates[name].append(document)
    topics = [
        Topic(
            name, text, candidates[name], [corpus[d] for d in candidates[name]],
            [judged.get((name, d), 0) for d in candidates[name]],
        )
        for name, text in queries.items()
    ]  # fmt: skip
    return corpus, topics


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


# --- scores that need no model

DISCOUNTS = 1 / np.log2(np.arange(2, 12))


def ndcg(grades: list[int] | Array) -> float:
    """nDCG@10 of grades in ranked order, with the grade itself as gain."""
    ideal = np.sort(np.asarray(grades))[::-1][:10]
    return float((np.asarray(grades)[:10] * DISCOUNTS[: len(ideal)]).sum() / (ideal * DISCOUNTS[: len(ideal)]).sum())


def random_ndcg(grades: list[int]) -> float:
    """What a random order reaches on average: every grade stands at every rank equally often."""
    ideal = np.sort(grades)[::-1][:10]
    return float(np.mean(grades) * DISCOUNTS.sum() / (ideal * DISCOUNTS).sum())


def bm25_ndcg(corpus: dict[str, str], topics: list[Topic]) -> list[float]:
    """BM25 with the statistics of the whole corpus, ranking each topic's candidates (ties: in order)."""
    index = bm25s.BM25(method="lucene")
    index.index([text.split() for text in corpus.values()], show_progress=False)
    slot = {document: number for number, document in enumerate(corpus)}
    reached = []
    for topic in topics:
        scores = index.get_scores(topic.query.split())[[slot[document] for document in topic.documents]]
        reached.append(ndcg(np.array(topic.grades)[np.argsort(-scores, kind="stable")]))
    return reached
